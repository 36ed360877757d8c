"""Can the receiver be reached, and does it let this station in?"""

import socket
import ssl
from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.doctor.finding import Finding, Words, broken, fault, fine
from dongsun.serve_edge.forward.mqtt_sender import MqttSender
from dongsun.serve_edge.forward.sender import SendError
from dongsun.serve_edge.station.station_settings import KafkaUpstream, MqttUpstream, StationSettings
from dongsun.serve_edge.stream.address import redacted

_KAFKA_PORT = 9092
_TIMEOUT_S = 10.0


def upstream_findings(settings: StationSettings, store_id: str) -> list[Finding]:
    """What a connection made for trial tells; nothing is sent."""
    upstream = settings.upstream
    if upstream is None:
        return [fine("Nothing is sent: no upstream is set", "외부 전송 없음: upstream이 설정되지 않았습니다")]
    try:
        if isinstance(upstream, MqttUpstream):
            return _mqtt(upstream, store_id, settings.station_id)
        return _kafka(upstream)
    except DongsunError as error:
        return [broken(Words("The receiver's password can't be read", "수신 서버 비밀번호를 읽을 수 없습니다"), error)]


def _mqtt(upstream: MqttUpstream, store_id: str, station_id: str) -> list[Finding]:
    mqtt = upstream.settings()
    refused = _refused(mqtt.host, mqtt.port, mqtt.tls, mqtt.ca_file)
    if refused is not None:
        return [refused]
    # Not the station's own name: a broker ends the session of whoever has it.
    sender = MqttSender(mqtt, store_id, f"dongsun-{store_id}-{station_id}-check")
    try:
        sender.send(())
    except (SendError, OSError) as error:
        return [
            fault(
                Words("The broker answers, but lets nobody in", "브로커가 응답하지만 접속을 거부합니다"),
                Words(
                    f"Check user, password and client certificate ({redacted(str(error))}).",
                    f"사용자, 비밀번호, 클라이언트 인증서를 확인하세요 ({redacted(str(error))}).",
                ),
            )
        ]
    finally:
        sender.close()
    return [
        fine(f"The broker {mqtt.host}:{mqtt.port} lets this station in", f"브로커 {mqtt.host}:{mqtt.port}: 접속 정상")
    ]


def _kafka(upstream: KafkaUpstream) -> list[Finding]:
    kafka = upstream.settings()
    refusals: list[Finding] = []
    for server in kafka.bootstrap_servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host:
            host, port = port, str(_KAFKA_PORT)
        if not port.isdigit():
            refusals.append(_unreachable(server, "its port is no number"))
            continue
        refused = _refused(host, int(port), kafka.security != "PLAINTEXT", kafka.ca_file)
        if refused is None:
            return [fine(f"Kafka answers at {server.strip()}", f"Kafka {server.strip()}: 연결 정상")]
        refusals.append(refused)
    return refusals


def _refused(host: str, port: int, tls: bool, ca_file: Path | None) -> Finding | None:
    """A connection, and a handshake where one is asked for; None if both succeed."""
    where = f"{host}:{port}"
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None) if tls else None
    except OSError as error:
        return fault(
            Words("The receiver's certificate file can't be read", "수신 서버 인증서 파일을 읽을 수 없습니다"),
            Words(f"Mend `ca_file` ({ca_file}: {error.strerror}).", f"`ca_file`을 고치세요 ({ca_file})."),
        )
    try:
        channel = socket.create_connection((host, port), _TIMEOUT_S)
    except OSError as error:
        return _unreachable(where, error.strerror or str(error))
    with channel:
        return None if context is None else _untrusted(channel, context, host, where)


def _untrusted(channel: socket.socket, context: ssl.SSLContext, host: str, where: str) -> Finding | None:
    try:
        context.wrap_socket(channel, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return fault(
            Words(f"{where} answers with a certificate that isn't trusted", f"{where}: 신뢰할 수 없는 인증서입니다"),
            Words(
                f"Give the right `ca_file`, and check host name and clock ({error.verify_message}).",
                f"올바른 `ca_file`을 주고 호스트 이름과 시계를 확인하세요 ({error.verify_message}).",
            ),
        )
    except OSError as error:  # a server that speaks something else resets, or answers what TLS can't read
        return fault(
            Words(f"{where} answers, but speaks no TLS", f"{where}: 응답하지만 TLS가 아닙니다"),
            Words(
                f"Check the port: 8883 speaks TLS, 1883 doesn't ({error.strerror}).",
                f"포트를 확인하세요. 8883은 TLS, 1883은 평문입니다 ({error.strerror}).",
            ),
        )
    return None


def _unreachable(where: str, why: str) -> Finding:
    return fault(
        Words(f"The receiver {where} can't be reached", f"수신 서버 {where}에 연결할 수 없습니다"),
        Words(
            f"Check the network, the name and the firewall ({why}). Counts are kept here until it answers.",
            f"네트워크, 이름, 방화벽을 확인하세요 ({why}). 연결될 때까지 수치는 여기에 보관됩니다.",
        ),
    )

"""Time in staff's zones, from a camera's pipeline to the day's register."""

from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineEvents
from dongsun.serve_edge.pipeline.staff_register import StaffRegister


def note_staff_zones(pipeline: CameraPipeline, events: PipelineEvents, register: StaffRegister) -> None:
    """Tells the register who stayed in staff's zones, and who has been there for long already.

    To be called after each step, before its events are named: whoever just became staff is flagged at once. A stay
    counts for whoever was on the track at the time; a part of which nobody knows who it was counts for nobody.
    """
    zones = register.rules.zones
    if not zones:
        return
    people = pipeline.people
    for counted in events.stays:
        if counted.zone_id in zones:
            for share in people.shares(counted.stay.track_id, counted.stay.enter_s, counted.stay.exit_s):
                register.stayed(share.visitor_id, share.seconds)
    for counted in pipeline.counter.open_stays(zones):
        for share in people.shares(counted.stay.track_id, counted.stay.enter_s, counted.stay.exit_s):
            register.staying(share.visitor_id, share.seconds)

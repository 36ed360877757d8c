import pytest
import torch

from dongsun.train.reid.moving_average import MovingAverage


def test_equals_the_naive_sum() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    average = MovingAverage(network, decay=0.6)
    expected = {name: value.clone().float() for name, value in network.state_dict().items()}
    for step in range(1, 12):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(torch.randn_like(parameter))
        network.train()(torch.randn(5, 3))
        average.update(network)
        decay = min(0.6, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            expected[name] = decay * expected[name] + (1 - decay) * value.float()
    for name, value in average.network.state_dict().items():
        if name.endswith("num_batches_tracked"):
            assert int(value) == 11
        else:
            assert torch.allclose(value, expected[name], atol=1e-5), name


def test_stays_an_onlooker() -> None:
    average = MovingAverage(torch.nn.BatchNorm1d(2), decay=0.5)
    assert not average.train().network.training
    assert not any(parameter.requires_grad for parameter in average.parameters())


@pytest.mark.parametrize("decay", [0.0, 0.999])
def test_of_a_network_that_does_not_move_is_that_network(decay: float) -> None:
    network = torch.nn.Linear(3, 2)
    average = MovingAverage(network, decay)
    for _ in range(5):
        average.update(network)
    assert torch.allclose(average.network.weight, network.weight)  # type: ignore[arg-type]

"""The guard itself: a test that could reach the network would pass elsewhere and fail here."""

import os
import socket

import pytest

from tests.support.offline import NetworkBlocked, is_local


@pytest.mark.parametrize("address", [("8.8.8.8", 53), ("example.com", 80), ("2001:4860:4860::8888", 443, 0, 0)])
def test_other_hosts_are_refused(address):
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as client, pytest.raises(NetworkBlocked):
        client.connect(address)
    with socket.socket(family) as client, pytest.raises(NetworkBlocked):
        client.connect_ex(address)
    with socket.socket(family, socket.SOCK_DGRAM) as client, pytest.raises(NetworkBlocked):
        client.sendto(b"x", address)
    with pytest.raises(NetworkBlocked):
        socket.create_connection(address[:2], timeout=1)


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
    assert is_local(("localhost", 1)) and is_local("/tmp/some.sock") and is_local(("::1", 1, 0, 0))


def test_environment_is_offline_and_private():
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert "OPENAI_API_KEY" not in os.environ and "ASSISTANT_HOME" not in os.environ

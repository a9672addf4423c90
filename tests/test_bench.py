"""The benches' programs, and those of their limits that do not depend on the machine."""

import sys

import pytest
from mpunit import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import bench

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("bench")]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    bench.build(folder)
    return folder


def test_sessions_leave_the_heap_where_it_was(built):
    heap = bench.micropython(built, "cycles", "400")["heap"]
    # Numbers get longer, and with them some texts: less than a byte a session.
    assert abs(heap[1] - heap[0]) < 256, heap


def test_the_idle_loop_allocates_nothing(built):
    assert bench.micropython(built, "loops", "1")["idle_allocates"] is False


def test_modules_come_after_what_they_import(built):
    order = bench.in_order(["ocpp.instance", "ocpp.rpc", "ocpp.clock"])
    assert order.index("ocpp.clock") < order.index("ocpp.rpc")  # `configure` imports it later on
    assert order.index("ocpp.clock") < order.index("ocpp.instance")


def test_the_flash_lasts_25_years(built):
    figures = bench.wear(built)
    assert figures["wear_day"] <= bench.WEAR_LIMIT, figures
    assert 20 * figures["wear_session_22kw"] <= bench.WEAR_LIMIT, figures
    assert figures["wear_idle_day"] == 0 and figures["wear_reconnect"] == 0, figures

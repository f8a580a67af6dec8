"""Random streams: a draw depends only on its address, not on the other draws or worlds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from juste_retour.abm.base.noise import RandomStreams


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 5000), min_size=1, max_size=9),
    st.integers(1, 200),
    st.integers(0, 9000),
)
def test_draws_of_a_world_do_not_depend_on_the_batch(seed, replicates, slots, quarter):
    together = RandomStreams(seed, np.array(replicates)).uniform("panel", slots, quarter)
    for row, replicate in enumerate(replicates):
        alone = RandomStreams(seed, np.array([replicate])).uniform("panel", slots + 70, quarter)
        assert np.array_equal(together[row], alone[0, :slots])


def test_draws_differ_by_channel_quarter_and_seed():
    streams = RandomStreams(1, np.arange(50))
    draws = [
        streams.uniform("panel", 70),
        streams.uniform("panel", 70, quarter=1),
        streams.uniform("award", 70),
        RandomStreams(2, np.arange(50)).uniform("panel", 70),
    ]
    values = np.concatenate([d.ravel() for d in draws])
    assert len(np.unique(values)) == len(values)
    assert values.min() > 0
    assert values.max() < 1


def test_normal_draws_are_standard_and_uncorrelated():
    z = RandomStreams(3, np.arange(20_000)).normal("reservation", 4)
    assert np.allclose(z.mean(0), 0, atol=0.03)
    assert np.allclose(np.cov(z.T), np.eye(4), atol=0.04)


def test_rows_select_the_same_worlds():
    streams = RandomStreams(5, np.arange(10, 30))
    some = np.array([4, 9, 2])
    assert np.array_equal(streams.rows(some).uniform("x", 7), streams.uniform("x", 7)[some])

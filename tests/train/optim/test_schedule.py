from __future__ import annotations

from math import cos, pi

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lesionary.train.optim import warmup_cosine


def test_without_warm_up_it_is_the_published_cosine():
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)
    for step in range(21):
        assert warmup_cosine(step, total_steps=20) == pytest.approx(
            schedule.get_last_lr()[0], abs=1e-12
        )
        optimizer.step()
        schedule.step()


def test_the_published_schedule_never_decayed():
    # It counted 17,917 steps and was advanced once an epoch, 100 times.
    assert warmup_cosine(100, total_steps=17_917) == pytest.approx((1 + cos(pi * 100 / 17_917)) / 2)
    assert warmup_cosine(100, total_steps=17_917) > 0.9999
    assert warmup_cosine(17_917, total_steps=17_917) == 0


@settings(derandomize=True, max_examples=50, deadline=None)
@given(total=st.integers(1, 500), share=st.floats(0, 1), final=st.floats(0, 1))
def test_it_rises_then_falls_and_ends_where_it_should(total, share, final):
    warmup = int(share * total)
    factors = [
        warmup_cosine(step, total_steps=total, warmup_steps=warmup, final=final)
        for step in range(total + 2)
    ]
    assert all(0 <= factor <= 1 for factor in factors)
    assert factors[:warmup] == sorted(factors[:warmup])
    assert factors[warmup:] == sorted(factors[warmup:], reverse=True)
    assert factors[warmup] == 1 or warmup == total
    assert max(factors) == 1
    assert factors[-1] == pytest.approx(final)
    assert warmup == 0 or factors[0] > 0

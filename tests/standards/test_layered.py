"""The geometry of a layered picture, on random graphs."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from standards.layered import Sizes, crossings, lay_out

SIZES = Sizes(width=100, gap=10, layer_gap=30, margin=5, side=5)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[list[list[str]], list[tuple[str, str]], list[int]]:
    layers = [
        [f"{number}.{place}" for place in range(draw(st.integers(1, 5)))] for number in range(draw(st.integers(1, 5)))
    ]
    every = [key for layer in layers for key in layer]
    pairs = st.tuples(st.sampled_from(every), st.sampled_from(every))
    links = draw(st.lists(pairs, max_size=12))
    return layers, links, [draw(st.integers(20, 60)) for _ in layers]


@settings(deadline=None)
@given(pictures())
def test_no_two_boxes_touch_and_all_lie_inside(
    picture: tuple[list[list[str]], list[tuple[str, str]], list[int]],
) -> None:
    layers, links, heights = picture
    layout = lay_out(layers, links, heights, SIZES)
    for layer, height in zip(layers, heights, strict=True):
        for one, other in combinations(layer, 2):
            assert abs(layout.places[one].x - layout.places[other].x) >= SIZES.width
        for key in layer:
            place = layout.places[key]
            assert 0 <= place.x <= layout.width - SIZES.width
            assert 0 <= place.y <= layout.height - height
    tops = [layout.places[layer[0]].y for layer in layers]
    assert all(low - high >= height for (high, low), height in zip(pairwise(tops), heights, strict=False))


@settings(deadline=None)
@given(pictures())
def test_every_line_goes_down_from_foot_to_head_and_passes_no_box(
    picture: tuple[list[list[str]], list[tuple[str, str]], list[int]],
) -> None:
    layers, links, heights = picture
    level = {key: number for number, layer in enumerate(layers) for key in layer}
    layout = lay_out(layers, links, heights, SIZES)
    assert set(layout.lines) == {link for link in links if level[link[0]] < level[link[1]]}
    for (upper, lower), points in layout.lines.items():
        foot, head = layout.places[upper], layout.places[lower]
        assert points[0][1] == foot.y + heights[level[upper]]
        assert points[-1][1] == head.y
        assert foot.x <= points[0][0] <= foot.x + SIZES.width
        assert head.x <= points[-1][0] <= head.x + SIZES.width
        assert all(y < next_y for (_, y), (_, next_y) in pairwise(points))
        for number, layer in enumerate(layers[level[upper] + 1 : level[lower]], start=level[upper] + 1):
            inside = [
                x for x, y in points if layout.places[layer[0]].y <= y <= layout.places[layer[0]].y + heights[number]
            ]
            assert len(inside) == 2
            assert not any(
                layout.places[key].x < x < layout.places[key].x + SIZES.width for key in layer for x in inside
            )


def test_crossings_are_counted_and_taken_out() -> None:
    layers = [["a", "b"], ["c", "d"]]
    links = [("a", "d"), ("b", "c")]
    assert crossings(layers, links) == 1
    layout = lay_out(layers, links, [10, 10], SIZES)
    order = [sorted(layer, key=lambda key: layout.places[key].x) for layer in layers]
    assert crossings(order, links) == 0

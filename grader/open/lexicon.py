"""Words that are known beforehand: those without a meaning of their own, and those that deny."""

from __future__ import annotations

_STOP_EN = """
a about above after all also an and any are as at be because been before being below between both but by
can could did do does doing down during each few for from further had has have having he her here hers
him his how i if in into is it its itself just me more most my no nor not of off on once only or other
our out over own same she should so some such than that the their them then there these they this those
through to too under until up us very was we were what when where which while who whom why will with
would you your may might must shall
"""
_STOP_ZH = """
的 了 是 在 和 与 或 有 也 就 都 而 及 等 对 中 为 以 被 把 将 由 于 着 过 地 得 之 其 该 这 那 这些
那些 一个 一种 我们 他们 它们 它 他 她 你 我 并 并且 而且 以及 但 但是 因为 所以 如果 可以 能 能够 会 要
应 应该 需要 进行 通过 使用 用 从 到 向 上 下 里 个 些 种 时 时候 没有 不 没 很 更 最 比较 非常 因此
例如 比如 即 则 使 使得 让 给 再 又 还 还是 只 才 来 去 说 做
"""
_NEGATIONS = """
not no never none neither nor cannot can't don't doesn't didn't isn't aren't won't wouldn't shouldn't
without hardly 不 没 没有 不是 不会 不能 不应 不应该 不需要 无需 无 无法 未 别 不要 不必 不可 并非 绝不
从不 不用
"""

STOP_EN = frozenset(_STOP_EN.split())
STOP_ZH = frozenset(_STOP_ZH.split())
NEGATIONS = frozenset(_NEGATIONS.split())

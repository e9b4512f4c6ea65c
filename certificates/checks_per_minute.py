"""How often one address may ask the public check page: a moving window, kept in the process."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

PER_MINUTE: Final = 30
_WINDOW: Final = timedelta(minutes=1)
_ADDRESSES: Final = 10_000


@dataclass
class MovingWindow:
    """Counts what each address asked within the last minute; forgets the longest silent one when it holds many."""

    limit: int = PER_MINUTE
    _asked: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, address: str, now: datetime) -> bool:
        """Note a question and return whether the address may ask it."""
        with self._lock:
            times = self._asked.setdefault(address, deque())
            self._asked.move_to_end(address)
            while times and times[0] <= now - _WINDOW:
                times.popleft()
            if len(times) >= self.limit:
                return False
            times.append(now)
            while len(self._asked) > _ADDRESSES:
                self._asked.popitem(last=False)
            return True

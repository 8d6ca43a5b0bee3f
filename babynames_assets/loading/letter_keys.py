"""Keys of rejected lines: the same text in the next file has the same dead letter, on whatever line it stands."""

import hashlib
from collections import Counter


class LetterKeys:
    """Makes the keys of a file's rejected lines, taken in their order."""

    def __init__(self) -> None:
        # Digests: texts have up to 2,000 characters, and a file of rejects would fill the memory.
        self._seen: Counter[bytes] = Counter()

    def next(self, text: str) -> str:
        """The key of the next line: its text, and how often that has stood in the file so far."""
        short = hashlib.blake2b(text.encode(), digest_size=16).digest()
        self._seen[short] += 1
        return hashlib.sha256(f"{self._seen[short]}\n{text}".encode()).hexdigest()

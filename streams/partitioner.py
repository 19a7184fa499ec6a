"""The partition of a key, computed as Kafka's default partitioner does.

The hash is 32-bit murmur2 over the UTF-8 bytes of the key (org.apache.kafka.common.utils.Utils.murmur2).
"""

from functools import lru_cache

_SEED = 0x9747B28C
_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """0 to `partitions` - 1; it changes for most keys when the number of partitions does."""
    if partitions == 1:
        return 0
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions


def murmur2(content: bytes) -> int:
    """The hash as an unsigned 32-bit number."""
    whole = len(content) & ~3
    h = _SEED ^ len(content)
    for at in range(0, whole, 4):
        k = int.from_bytes(content[at : at + 4], "little") * _FACTOR & _MASK
        h = h * _FACTOR & _MASK ^ (k ^ k >> 24) * _FACTOR & _MASK
    if whole < len(content):
        h = (h ^ int.from_bytes(content[whole:], "little")) * _FACTOR & _MASK
    h = (h ^ h >> 13) * _FACTOR & _MASK
    return h ^ h >> 15

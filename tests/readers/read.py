"""Reads one gzip member with Python's gzip and with zlib; prints the SHA-256 of what it holds."""

import gzip
import hashlib
import sys
import zlib

compressed = open(sys.argv[1], "rb").read()
whole = gzip.decompress(compressed)
# 16: a gzip header and a checksum around the stream. One member, and nothing behind it.
reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
plain = reader.decompress(compressed) + reader.flush()
assert reader.eof and not reader.unused_data, "something follows the member"
assert plain == whole, "zlib and gzip differ"
print(hashlib.sha256(plain).hexdigest())

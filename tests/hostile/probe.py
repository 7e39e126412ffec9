"""A program that looks for everything that a submission must not reach, and is told where all of it lies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

KINDS = frozenset({"file", "folder", "network", "socket", "writes", "environment", "content", "memory"})
"""What it can find, as `Known` says where."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a well-informed attacker knows. `patterns` are the secrets themselves, as lists of bytes; `roots`
    are searched whole for folders to write to, and for files with a secret in them but below `public`."""

    files: Sequence[str] = ()
    folders: Sequence[str] = ()
    addresses: Sequence[tuple[str, int]] = ()
    sockets: Sequence[str] = ()
    patterns: Sequence[list[int]] = ()
    roots: Sequence[str] = ("/",)
    public: Sequence[str] = field(
        default=("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/packages", "/store")
    )


def probe(known: Known) -> str:
    """A source whose `search()` gives the findings as texts that begin with one of `KINDS`."""
    return f"KNOWN = {json.dumps(asdict(known))!r}\n{_SEARCH}"


_SEARCH = r"""
import json, os, re, socket, stat
KNOWN = json.loads(KNOWN)
OWN = ('/proc', '/sys', '/work', '/tmp', '/dev/shm')
# A class for each byte: the secrets themselves shall not be in this process by our own doing.
PATTERN = re.compile(b'|'.join(b''.join(b'[\\x%02x]' % byte for byte in one) for one in KNOWN['patterns']))

def search():
    found = []
    for path in KNOWN['files']:
        try:
            open(path, 'rb').read(1)
            found.append('file ' + path)
        except OSError: pass
    for path in KNOWN['folders']:
        try:
            os.listdir(path)
            found.append('folder ' + path)
        except OSError: pass
    for address in KNOWN['addresses']:
        try:
            socket.create_connection(tuple(address), 1).close()
            found.append(f'network {address}')
        except OSError: pass
    for path in KNOWN['sockets']:
        for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
            try:
                socket.socket(socket.AF_UNIX, kind).connect(path)
                found.append('socket ' + path)
            except OSError: pass
    for root in KNOWN['roots']:
        for folder, below, files in os.walk(root):
            below[:] = [name for name in below if os.path.join(folder, name) not in OWN]
            try:
                mark = os.path.join(folder, 'touchstone-hostile-probe')
                os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                os.unlink(mark)
                found.append('writes ' + folder)
            except OSError: pass
            if not any(folder == one or folder.startswith(one + '/') for one in KNOWN['public']):
                found += [f'content {folder}/{name}' for name in files if holds_secret(f'{folder}/{name}')]
    for process in filter(str.isdigit, os.listdir('/proc')):
        for name in ('environ', 'cmdline'):
            if holds_secret(f'/proc/{process}/{name}'): found.append(f'environment {process} {name}')
    return found + [f'memory {line}' for line in secrets_in_memory()]

def holds_secret(path):
    try:
        if not (stat.S_ISREG(os.stat(path).st_mode)): return False
        return bool(PATTERN.search(open(path, 'rb').read(2**22)))
    except OSError: return False

def secrets_in_memory():
    with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
        for line in maps.read().splitlines():
            bounds, rights, *_ = line.split()
            start, end = (int(n, 16) for n in bounds.split('-'))
            if rights[0] != 'r' or '[v' in line: continue
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except (OSError, OverflowError): continue
            if PATTERN.search(data): yield line
"""

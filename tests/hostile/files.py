"""Attacks 38–45: what lies in the file system, and what is brought out of it."""

from __future__ import annotations

from grader.verdict import Verdict
from tests.hostile.attack import Attack, Target, function, program, refused

AC, WA, RE = Verdict.AC, Verdict.WA, Verdict.RE

PROC: tuple[Attack, ...] = (
    program(38, "init's memory", "open('/proc/1/mem', 'rb').read(1)\nprint('ESCAPED')", RE),
    program(38, "init's environment", "open('/proc/1/environ', 'rb').read(1)\nprint('ESCAPED')", RE),
    program(38, "init's root", "import os\nos.listdir('/proc/1/root')\nprint('ESCAPED')", RE),
    program(38, "init's descriptors", "import os\nos.listdir('/proc/1/fd')\nprint('ESCAPED')", RE),
    program(
        38,
        "everything of init's",
        """
        import os
        for name in ('auxv', 'cwd', 'exe', 'io', 'maps', 'map_files', 'mem', 'ns/mnt', 'pagemap', 'stack',
                     'personality', 'syscall', 'task/1/fd', 'task/1/mem', 'fdinfo', 'smaps', 'attr/current'):
            path = '/proc/1/' + name
            try:
                if name in ('cwd', 'exe', 'ns/mnt'): got = os.readlink(path)
                elif os.path.isdir(path): got = os.listdir(path)
                else: got = open(path, 'rb').read(1)
                if got: print('ESCAPED', name)
            except OSError: pass
        """,
        AC,
    ),
    program(
        38,
        "its own descriptors",
        """
        import os
        for fd in os.listdir('/proc/self/fd'):
            try: target = os.readlink('/proc/self/fd/' + fd)
            except FileNotFoundError: continue  # the one that listed them
            if int(fd) > 2 or 'socket' in target: print('ESCAPED', fd, target)
        """,
        AC,
    ),
    program(
        38,
        "its own environment",
        """
        import os
        for text in (str(dict(os.environ)), open('/proc/self/environ').read()):
            for word in ('SECRET', 'REDIS', 'DJANGO', 'TOUCHSTONE', 'PASSWORD', 'DATABASE', 'BROKER'):
                if word in text: print('ESCAPED', word)
        """,
        AC,
    ),
    program(
        38,
        "the zygote's command line",
        """
        import sys
        told = open('/proc/1/cmdline').read() + open('/proc/self/cmdline').read() + ' '.join(sys.orig_argv)
        if '/store' in told or 'masked' in told: print('ESCAPED')
        """,
        AC,
    ),
    program(
        38,
        "its own memory, written by file",
        """
        import ctypes, os
        cell = ctypes.create_string_buffer(b'before')
        try:
            fd = os.open('/proc/self/mem', os.O_RDWR)
            os.pwrite(fd, b'after!', ctypes.addressof(cell))
        except PermissionError: pass
        """,
        AC,
    ),
    program(
        38,
        "other processes",
        "import os\nif [n for n in os.listdir('/proc') if n.isdigit() and int(n) > 2]: print('ESCAPED')",
        AC,
    ),
    program(
        39, "kernel settings", "open('/proc/sys/kernel/core_pattern', 'w').write('|/x')\nprint('ESCAPED')", RE
    ),
    program(
        39,
        "switches of the host",
        """
        import os
        for path in ('/proc/sys', '/proc/sysrq-trigger', '/proc/kcore', '/proc/kallsyms', '/proc/keys',
                     '/proc/irq', '/proc/modules', '/proc/loadavg', '/proc/meminfo', '/proc/version',
                     '/proc/acpi', '/proc/fs', '/proc/sysvipc', '/proc/timer_list', '/proc/cmdline'):
            if os.path.exists(path): print('ESCAPED', path)
        for path in ('/sys', '/cgroup', '/box/x', '/old/proc', '/proc/1/cwd/sys'):
            if os.path.exists(path): print('ESCAPED', path)
        """,
        AC,
    ),
    program(40, "sysfs", "import os\nos.listdir('/sys/fs/cgroup')\nprint('ESCAPED')", RE),
    program(
        40,
        "control groups",
        """
        import os
        for line in open('/proc/self/mounts'):
            device, point, kind, *_ = line.split()
            if kind.startswith(('cgroup', 'sysfs', 'debugfs', 'tracefs', 'securityfs', 'bpf', 'fuse')):
                print('ESCAPED', line)
        for line in open('/proc/self/mountinfo'):
            if ' - cgroup' in line: print('ESCAPED', line)
        """,
        AC,
    ),
    program(
        40,
        "its own accounts made large",
        """
        import os
        for name, text in (('oom_score_adj', '-1000'), ('autogroup', '-20'), ('uid_map', '0 0 1'),
                           ('gid_map', '0 0 1'), ('setgroups', 'allow')):
            try:
                with open('/proc/self/' + name, 'w') as file: file.write(text)
                print('ESCAPED', name)
            except OSError: pass
        """,
        AC,
    ),
)

RESULT: tuple[Attack, ...] = tuple(
    function(
        41,
        f"{name} as the result",
        f"import os, socket, stat\ndef solve(x):\n  {make}\n  os._exit(0)",
        verdict,
    )
    for name, make, verdict in (
        ("a link to the host's accounts", "os.symlink('/etc/passwd', 'result.json')", RE),
        (
            "a link to a right answer",
            "open('r', 'w').write('{\"value\": 10}'); os.symlink('r', 'result.json')",
            RE,
        ),
        ("a link to init's memory", "os.symlink('/proc/1/mem', 'result.json')", RE),
        ("a link to itself", "os.symlink('result.json', 'result.json')", RE),
        ("a hard link to the source", "os.link('solution.py', 'result.json')", WA),
        ("a hard link to a system file", "os.link('/etc/passwd', 'result.json')", RE),
        ("a FIFO", "os.mkfifo('result.json')", RE),
        ("a folder", "os.makedirs('result.json/result.json')", RE),
        ("a socket", "socket.socket(socket.AF_UNIX).bind('result.json')", RE),
        ("a device", "os.mknod('result.json', stat.S_IFCHR | 0o666, os.makedev(1, 5))", RE),
        ("a whiteout", "os.mknod('result.json', stat.S_IFCHR | 0o666, 0)", RE),
        (
            "a file that nobody may read",
            "open('result.json', 'w').write('{}'); os.chmod('result.json', 0)",
            RE,
        ),
        ("an empty file", "open('result.json', 'w')", WA),
        ("standard input", "os.symlink('/dev/stdin', 'result.json')", RE),
    )
)

OUTPUTS: tuple[Attack, ...] = (
    *RESULT,
    function(
        41,
        "the working folder moved away",
        """
        import os
        def solve(x):
            os.rename('/work', '/tmp/work')
        """,
        RE,
    ),
    function(
        42,
        "a result that turns into a link and back",
        """
        import os
        def solve(x):
            open('/work/file', 'w').write('{"value": 10}')
            if os.fork() == 0:
                while True:
                    os.symlink('/etc/passwd', '/work/a'); os.replace('/work/a', '/work/result.json')
                    os.link('/work/file', '/work/b'); os.replace('/work/b', '/work/result.json')
            while not os.path.lexists('/work/result.json'): pass
            os._exit(0)
        """,
        WA,
        RE,
        because="which of the two the kill finds",
    ),
    function(
        42,
        "a result that grows while it is read",
        """
        import os
        def solve(x):
            for _ in range(8):
                if os.fork() == 0:
                    out = open('/work/result.json', 'ab', 0)
                    while True: out.write(b'[' * 65536)
            return 5
        """,
        WA,
        RE,
        Verdict.OLE,
        because="how much is there when its writers are killed",
    ),
    function(
        42,
        "a result that children of init's make longer and shorter",
        """
        import ctypes, os, time
        def solve(x):
            result = os.open('/work/result.json', os.O_RDWR | os.O_CREAT)
            for _ in range(8):
                if ctypes.CDLL(None).syscall(56, 0x8000, 0, 0, 0, 0) == 0:
                    while True: os.ftruncate(result, 2**19); os.ftruncate(result, 0)
            time.sleep(0.05)
            os._exit(0)
        """,
        WA,
    ),
    program(
        43,
        "an archive that points elsewhere",
        """
        import io, os, tarfile, warnings, zipfile
        warnings.simplefilter('ignore')
        with tarfile.open('/work/x.tar', 'w') as tar:
            for name in ('../../../etc/escaped', '/etc/escaped', '/usr/escaped', '/store/escaped'):
                tar.addfile(tarfile.TarInfo(name), io.BytesIO())
            link = tarfile.TarInfo('l'); link.type = tarfile.SYMTYPE; link.linkname = '/etc'
            tar.addfile(link); tar.addfile(tarfile.TarInfo('l/escaped'), io.BytesIO())
        with tarfile.open('/work/x.tar') as tar:
            for member in tar:
                try: tar.extract(member, '/work')
                except OSError: pass
        for path in ('/etc/escaped', '/usr/escaped', '/store/escaped'):
            if os.path.exists(path): print('ESCAPED', path)
        """,
        AC,
    ),
    program(
        43,
        "writing wherever it is possible",
        """
        import os
        for folder, folders, _ in os.walk('/', followlinks=False):
            folders[:] = [name for name in folders if folder.count('/') < 3 and name != 'proc']
            if folder.startswith(('/work', '/tmp', '/dev/shm')): continue
            try:
                open(os.path.join(folder, 'touchstone-hostile'), 'w').close()
                print('ESCAPED', folder)
            except OSError: pass
        """,
        AC,
        target=Target.SLOW,
    ),
)

OTHERS: tuple[Attack, ...] = (
    program(
        44,
        "startup file",
        """
        import os, sys
        for place in ('/packages', os.path.dirname(os.__file__), '/usr/lib/python3', '/etc', *sys.path):
            if place.startswith(('/work', '/tmp')): continue
            for name in ('sitecustomize.py', 'usercustomize.py', 'x.pth', '__pycache__/os.cpython-311.pyc'):
                try:
                    open(place + '/' + name, 'w')
                    print('ESCAPED', place)
                except OSError: pass
        """,
        AC,
    ),
    function(
        44,
        "modules of its own in the way",
        """
        import os
        for name in ('json', 'math', 'pathlib', 'typing', 'os', 'sitecustomize', 'encodings'):
            open(f'/work/{name}.py', 'w').write('import os; os._exit(0)')
        os.makedirs('/work/.local/lib/python3.11/site-packages', exist_ok=True)
        open('/work/.local/lib/python3.11/site-packages/x.pth', 'w').write('import os; os._exit(0)')
        os.environ.update(LD_PRELOAD='/work/x.so', PYTHONPATH='/work', PYTHONSTARTUP='/work/os.py')
        def solve(x): return {1: 10, 2: 903, 3: 8_112_963_841_460_668}[x]
        """,
        AC,
    ),
    function(
        44,
        "poisoned bytecode",
        """
        import importlib.util, marshal, os
        code = b'\\0' * 16 + marshal.dumps(compile('import os; os._exit(0)', 'x', 'exec'))
        os.makedirs('/work/__pycache__', exist_ok=True)
        for name in ('solution', 'driver', 'json'):
            open(f'/work/__pycache__/{name}.cpython-311.pyc', 'wb').write(importlib.util.MAGIC_NUMBER + code)
        def solve(x): return {1: 10, 2: 903, 3: 8_112_963_841_460_668}[x]
        """,
        AC,
    ),
    function(
        44,
        "the driver and the source replaced while they run",
        """
        import os
        for name in ('driver.py', 'solution.py', 'call.json'):
            open('/work/' + name, 'w').write('raise SystemExit(0)')
        def solve(x): return 0
        """,
        WA,
    ),
    program(45, "host accounts", "if 'shadow' in __import__('os').listdir('/etc'): print('ESCAPED')", AC),
    program(
        45,
        "host homes",
        """
        import os
        for place in ('/home', '/var', '/srv', '/mnt', '/opt', '/run', '/boot', '/media', '/lost+found'):
            if os.path.exists(place): print('ESCAPED', place)
        for folder, _, names in os.walk('/root'):
            if '.pyenv' not in folder and names: print('ESCAPED', folder)
        """,
        AC,
        target=Target.SLOW,
    ),
    program(
        45,
        "device nodes",
        """
        import os, stat
        for kind, number in ((stat.S_IFBLK, 8 << 8), (stat.S_IFCHR, 1 << 8 | 1), (stat.S_IFCHR, 1 << 8 | 11)):
            try:
                os.mknod('/work/d', kind | 0o600, number)
                print('ESCAPED')
            except OSError: pass
        """,
        AC,
    ),
    program(
        45,
        "raw disk",
        """
        import os
        allowed = {'null', 'zero', 'full', 'random', 'urandom', 'fd', 'stdin', 'stdout', 'stderr', 'shm'}
        if set(os.listdir('/dev')) - allowed: print('ESCAPED', os.listdir('/dev'))
        """,
        AC,
    ),
    program(
        45,
        "the installation",
        """
        import os
        secrets = {'secret_key', 'db.sqlite3', 'sandbox.sock', 'labels.npy', 'hidden', 'problems'}
        for folder, folders, names in os.walk('/'):
            folders[:] = [name for name in folders if name not in ('proc', 'usr', 'lib', 'dist-packages')]
            for name in secrets & {*folders, *names}: print('ESCAPED', folder, name)
        """,
        AC,
        target=Target.SLOW,
    ),
    program(
        59,
        "a device without a lease",
        """
        import ctypes, glob, os
        os.environ['CUDA_VISIBLE_DEVICES'] = os.environ['NVIDIA_VISIBLE_DEVICES'] = '0'
        for pattern in ('/dev/nvidia*', '/dev/dri/*', '/dev/kfd', '/dev/accel/*', '/dev/dxg', '/proc/driver'):
            for path in glob.glob(pattern): print('ESCAPED', path)
        for name in ('libcuda.so.1', 'libnvidia-ml.so.1'):
            try: driver = ctypes.CDLL(name)
            except OSError: continue
            begin = driver.cuInit if 'cuda' in name else driver.nvmlInit_v2
            if begin(0) == 0: print('ESCAPED', name)
        """,
        AC,
    ),
    refused(
        45,
        "watch shared files",
        """
        forbidden(294, 0)
        forbidden(253)
        forbidden(300, 0, 0)
        fd = os.open('/usr/bin/env', os.O_RDONLY)
        forbidden(72, fd, 1024, 0)
        forbidden(72, os.open('/usr/bin', os.O_RDONLY), 1026, 1)
        """,
    ),
)

FILES = (*PROC, *OUTPUTS, *OTHERS)

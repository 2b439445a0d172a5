"""The processes that are measured: the platform and nginx, each started for this run alone and ended with it."""
import contextlib
import http.client
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """User and system time of a process with all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_megabytes(pid):
    """Proportional set size: pages that several processes share count in parts."""
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no Pss for process {pid}")


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def program_name(pid):
    return os.path.basename(os.readlink(f"/proc/{pid}/exe"))


def end(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise RuntimeError(f"{process.args[0]} did not end within 30 s of SIGTERM")


class Platform:
    """`crm up` on a data folder of its own."""

    PASSWORD = "a long enough benchmark password"

    def __init__(self, programs, folder):
        self.programs = pathlib.Path(programs)
        self.data = pathlib.Path(folder) / "data"
        self.port = free_port()
        self.log = open(pathlib.Path(folder) / "crm.log", "ab")
        self.password_file = pathlib.Path(folder) / "password"
        self.password_file.write_text(self.PASSWORD)
        self.password_file.chmod(0o600)
        self.process = None

    @property
    def environment(self):
        return os.environ | {"CRM_ADMIN_PASSWORD_FILE": str(self.password_file), "CRM_LOG": "warning"}

    def start(self):
        self.process = subprocess.Popen(
            [self.programs / "crm", "up", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"],
            env=self.environment, stdout=self.log, stderr=self.log)
        self.wait_until_ready()
        self.pids = {program_name(pid): pid for pid in children(self.process.pid)}

    def stop(self):
        if self.process:
            end(self.process)
            self.process = None

    @property
    def kernel(self):
        return self.pids["crm-kernel"]

    @property
    def endpoint(self):
        return self.pids["crm-rpc"]

    @property
    def certificate(self):
        return self.data / "endpoint" / "certificate.pem"

    @property
    def tls(self):
        return ssl.create_default_context(cafile=self.certificate)

    def wait_until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("crm ended while starting; see crm.log")
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=5)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            time.sleep(0.02)
        raise RuntimeError("crm was not ready within 60 s; see crm.log")

    def console(self, *words):
        """Runs a command of crm-admin and answers what it prints."""
        done = subprocess.run(
            [self.programs / "crm-admin", "--data", self.data, *words], env=self.environment, check=True,
            capture_output=True, text=True, timeout=300)
        return done.stdout

    def kernel_start_seconds(self):
        """From the start of crm-kernel's process to the moment at which it says that calls are answered."""
        reading, writing = os.pipe()
        started = time.monotonic()
        process = subprocess.Popen(
            [self.programs / "crm-kernel", "serve", "--data", self.data, "--ready-fd", str(writing)],
            env=self.environment, stdout=self.log, stderr=self.log, pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as ready:
            line = ready.readline()
        seconds = time.monotonic() - started
        end(process)
        if line != "ready\n":
            raise RuntimeError("crm-kernel did not become ready; see crm.log")
        return seconds


class Nginx:
    """A static file over TLS 1.3, with the platform's own certificate and as many workers as cores."""

    CONFIGURATION = """
    worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
    events {{ worker_connections 1024; }}
    http {{
      access_log off; sendfile on; keepalive_requests 100000000; open_file_cache max=100;
      client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
      uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
      server {{
        listen 127.0.0.1:{port} ssl; root {folder}/static; default_type application/json;
        ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
      }}
    }}
    """

    def __init__(self, folder, certificate):
        self.folder = pathlib.Path(folder) / "nginx"
        self.port = free_port()
        (self.folder / "static").mkdir(parents=True)
        # The workers of a master that is root run as another user.
        for path in [self.folder.parent, self.folder, self.folder / "static"]:
            path.chmod(0o755)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(self.CONFIGURATION.format(
            folder=self.folder, port=self.port, certificate=certificate,
            key=certificate.parent / "key.pem"))
        self.process = subprocess.Popen(["nginx", "-c", configuration, "-g", "daemon off;"],
                                        env=os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin"})

    def serve(self, name, size):
        """Makes a file of that many bytes; answers its address."""
        (self.folder / "static" / name).write_bytes(b"x" * size)
        return f"https://127.0.0.1:{self.port}/{name}"

    @property
    def workers(self):
        return children(self.process.pid)

    def stop(self):
        end(self.process)

"""Runs a command at a terminal of its own, and types when it asks: terminal.py COMMAND... -- [PROMPT=LINE]...

A line is typed once its prompt is there and the terminal shows no more what is typed. Prints what the terminal has shown, and
in a last line whether it shows again what is typed; ends as the command ended. A line of ^C is that key."""

import os
import pty
import sys
import termios
import time

DEADLINE = time.monotonic() + 60


def echoes(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def main():
    at = sys.argv.index("--")
    command, script = sys.argv[1:at], [step.split("=", 1) for step in sys.argv[at + 1 :]]
    master, slave = pty.openpty()
    process = os.fork()
    if process == 0:
        os.login_tty(slave) if hasattr(os, "login_tty") else become(slave)
        os.execv(command[0], command)
    # This end keeps the terminal open, so that its state can be seen after the command.
    os.set_blocking(master, False)
    shown, seen, status = b"", 0, None
    while status is None:
        assert time.monotonic() < DEADLINE, (shown, script)
        try:
            shown += os.read(master, 4096)
        except BlockingIOError:
            if script and script[0][0].encode() in shown[seen:] and not echoes(master):
                seen = len(shown)
                line = script.pop(0)[1]
                os.write(master, b"\x03" if line == "^C" else line.encode() + b"\n")
            ended, code = os.waitpid(process, os.WNOHANG)
            status = code if ended else None
            time.sleep(0.005)
    try:
        shown += os.read(master, 65536)
    except BlockingIOError:
        pass
    print(shown.decode().replace("\r\n", "\n"), end="")
    print("echo" if echoes(master) else "no echo")
    assert not script, f"never asked: {script}"
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


def become(slave):
    """What os.login_tty does, which Python has since 3.11."""
    import fcntl

    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(slave, descriptor)


main()

"""Runs a command in a terminal of 80 columns, as a person would: terminal.py ANSWERS COMMAND...

ANSWERS is a JSON array of [question, answer]: when the output has the question, the answer is typed. Prints what the terminal
shows, and exits like the command; with 124 if a question does not come within 60 seconds.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def main():
    answers = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    unread = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        try:
            text = os.read(terminal, 65536) if ready else b""
        except OSError:  # Linux reports the end of a terminal as an error.
            break
        if not text:
            if not ready:
                os.kill(child, 9)
                sys.exit(124)
            break
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
        unread += text
        while answers and answers[0][0].encode() in unread:
            question, answer = answers.pop(0)
            unread = unread.split(question.encode(), 1)[1]
            os.write(terminal, answer.encode() + b"\n")
    status = os.waitpid(child, 0)[1]
    if answers:
        print(f"\nnever asked: {answers[0][0]}")
    sys.exit(os.waitstatus_to_exitcode(status))


main()

"""Make MiniStack serve on a socket that is bound already.

MiniStack binds its port about a second after its start. Two engines that start at once would choose the same port,
and the second command would mistake the first engine's answers for its own engine's.
"""

from hypercorn.config import Config, Sockets

from lastwish.local.engine.patch import replace


def install(number: int) -> None:
    """Make the server use the socket with this file descriptor, instead of binding one. Raises EngineChanged."""
    theirs = Config.create_sockets

    def create_sockets(self: Config) -> Sockets:
        self.bind = [f"fd://{number}"]
        return theirs(self)

    replace(Config, "create_sockets", create_sockets)

"""What pymerkle says of a tree over the entries in a file, one in hexadecimal a line: python second_opinion.py FILE N

Prints its root, the root over the first N entries, and whether its own proofs hold.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pymerkle import InmemoryTree, verify_consistency, verify_inclusion


def main(file: str, first: str) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for line in Path(file).read_text().split():
        tree.append_entry(bytes.fromhex(line))
    size, some = tree.get_size(), int(first)
    root, earlier = tree.get_state(), tree.get_state(some)
    verify_inclusion(tree.get_leaf(some), root, tree.prove_inclusion(some))
    verify_consistency(earlier, root, tree.prove_consistency(some, size))
    print(root.hex(), earlier.hex(), "inclusion holds consistency holds")  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Back-ends, one file each, with what only one of them needs beside it."""

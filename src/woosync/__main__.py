"""`python -m woosync` and the `woosync` command."""

from woosync.entrypoints import cli


def main() -> None:
    """Run the command line."""
    cli.main()


if __name__ == "__main__":
    main()

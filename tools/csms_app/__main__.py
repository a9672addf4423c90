"""`python -m csms_app`, which is what `tools/csms` runs."""

import sys

if __name__ == "__main__":
    try:
        from csms_app.main import main
    except ImportError as e:
        sys.exit("csms: %s. Run `make setup` first." % e)
    sys.exit(main())

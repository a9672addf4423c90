import sys

from fleet_app.main import main

sys.exit(main(sys.argv[1:]))

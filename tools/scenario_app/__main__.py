import sys

from scenario_app.main import main

sys.exit(main(sys.argv[1:]))

"""python -m fastnorm.cli"""

from . import main

main()

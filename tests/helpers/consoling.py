"""A console on a small run, driven without a terminal: keys go in, what its regions show comes out."""

import asyncio
import time

import numpy as np

import fastnorm as fn
from fastnorm.console import Console, Driver
from fastnorm.console.widgets import Region
from fastnorm.tune import Guard, panda
from helpers.running import VALIDATION, make

LIMIT = 60  # seconds; all is over long before
SMALL, LARGE = (80, 24), (160, 50)
ENDLESS = 10**9  # epochs
TEST = np.random.default_rng(3).normal(size=(20, 4)), np.arange(20) % 3


class Screen:
    """A console under a pilot's hands."""

    def __init__(self, console, driver, pilot):
        self.console, self.driver, self.pilot = console, driver, pilot

    @property
    def panda(self):
        return self.driver.panda

    async def press(self, *keys):
        """Press keys, and wait until what they asked for is done and drawn."""
        await self.pilot.press(*keys)
        await self.until(lambda: self.driver.state != "acting")
        await self.drawn()

    async def drawn(self):
        """Wait until the screen shows what the driver last told."""
        await self.until(lambda: self.driver.state == "training" or self.console.shown == self.driver.version)
        await self.pilot.pause()

    async def until(self, is_so):
        end = time.monotonic() + LIMIT
        await self.pilot.pause()
        while not is_so():
            assert time.monotonic() < end
            await self.pilot.pause(0.01)

    def region(self, name):
        """What a region shows, as rich Text."""
        return self.console.screen_stack[0].query_one(f"#{name}", Region).render()

    def text(self, name):
        return self.region(name).plain

    def line(self, name):
        """What the line at the top or the bottom shows."""
        return str(self.console.screen_stack[0].query_one(f"#{name}").render())

    def over(self, name):
        """What a part of the page on top shows."""
        return str(self.console.screen.query_one(name).render())


def drive(script, *, epochs=3, guarded=False, size=SMALL, study=None, opened=TEST[1], **options):
    """Open a console, have the script, an async function of its Screen, press keys, and close; what run() returned."""

    async def play():
        run = make(**{"validation": VALIDATION, "optimizer": fn.SGD(0.1)} | options)
        guard = Guard().knowing(run)
        with panda(run, study, guard=guard if guarded else None, test=(TEST[0], opened)) as steered:
            driver = Driver(steered, epochs, guard)
            console = Console(driver, "flowers", "flowers-panda")
            try:
                async with console.run_test(size=size) as pilot:
                    await script(Screen(console, driver, pilot))
                return console.return_value
            finally:
                driver.close()

    return asyncio.run(play())


async def done(screen):
    """Wait for the goal."""
    await screen.until(lambda: screen.driver.state == "done")
    await screen.drawn()

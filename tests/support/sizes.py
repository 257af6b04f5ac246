"""The screens that a page has to fit."""

SMALL_PHONE = {"width": 360, "height": 640}
PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1440, "height": 900}
PROJECTOR = {"width": 1920, "height": 1080}

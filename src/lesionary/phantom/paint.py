"""Painting a body, outside in, soft before hard."""

from __future__ import annotations

from functools import partial

from lesionary.phantom import skeleton, torso
from lesionary.phantom.anatomy import SIDES, Anatomy
from lesionary.phantom.canvas import Canvas
from lesionary.phantom.config import Phase
from lesionary.phantom.shapes import Stack, ellipsoid, resized, shrunk, stack
from lesionary.phantom.tissue import attenuation


def paint_anatomy(canvas: Canvas, anatomy: Anatomy, phase: Phase) -> None:
    """Paint a whole body, outside in, soft before hard."""
    hu = partial(attenuation, phase=phase)
    canvas.plate(torso.TABLE, hu("table"), hu("foam"))
    canvas.stack(torso.BODY, hu("fat"), shell_mm=2.5, shell_hu=hu("skin"))
    canvas.stack(shrunk(torso.BODY, anatomy.fat_mm), hu("muscle"))
    for plate in torso.FAT_PLANES:
        canvas.plate(plate, hu("fat"))
    canvas.stack(torso.CAVITY, hu("fat"))
    _paint_chest(canvas, anatomy, phase)
    _paint_belly(canvas, anatomy, phase)
    for line in (torso.AORTA, *torso.ARTERIES, *torso.ILIACS):
        canvas.tube(line, hu("artery"))
    for line in torso.VEINS:
        canvas.tube(line, hu("vein"))
    _paint_bones(canvas, phase)


def _paint_chest(canvas: Canvas, anatomy: Anatomy, phase: Phase) -> None:
    hu = partial(attenuation, phase=phase)
    organs = anatomy.organs
    canvas.stack(torso.LUNGS, hu("lung"), texture_hu=22)
    if anatomy.collapsed != "none":
        sign = SIDES[anatomy.collapsed]
        half = stack([(z, sign * 72, 0, 72, 110) for z in torso.LUNGS.z_range], power=9)
        canvas.stack(half, hu("fluid"), within=torso.LUNGS, texture_hu=4)
        rest = ellipsoid((sign * 48, 14, 86), (34, 42, 74))
        canvas.stack(rest, hu("atelectasis"), within=torso.LUNGS, texture_hu=8)
    canvas.stack(organs["mediastinum"], hu("mediastinal fat"), within=torso.CAVITY)
    for side, tree in anatomy.trees.items():
        canvas.tube(tree.vessels, hu("lung vessel"))
        canvas.tube(torso.BRONCHI[side], hu("airway wall"), hu("air"))
        canvas.tube(tree.airways, hu("airway wall"), hu("air"))
    canvas.stack(organs["heart"], hu("heart"), texture_hu=6)
    left_ventricle, right_ventricle, right_atrium, left_atrium = anatomy.chambers
    for chamber in (left_ventricle, left_atrium):
        canvas.stack(chamber, hu("artery"))
    for chamber in (right_ventricle, right_atrium):
        canvas.stack(chamber, hu("vein"))
    for line in torso.PULMONARY:
        canvas.tube(line, hu("lung vessel"))
    canvas.tube(torso.ESOPHAGUS, hu("muscle"), hu("gas"))
    canvas.tube(torso.TRACHEA, hu("airway wall"), hu("air"))


def _paint_belly(canvas: Canvas, anatomy: Anatomy, phase: Phase) -> None:
    hu = partial(attenuation, phase=phase)
    organs = anatomy.organs
    for side in SIDES:
        dome = organs[f"{side} dome"]
        canvas.stack(dome, hu("fat"), within=torso.CAVITY, shell_mm=3.5, shell_hu=hu("muscle"))
    inner = shrunk(torso.CAVITY, 2.0)
    for psoas in torso.PSOAS:
        canvas.stack(psoas, hu("muscle"))
    canvas.stack(organs["liver"], hu("liver"), within=inner, texture_hu=7)
    canvas.stack(organs["left liver"], hu("liver"), within=inner, texture_hu=7)
    canvas.stack(organs["gallbladder"], hu("fluid"))
    canvas.stack(organs["spleen"], hu("spleen"), within=inner, texture_hu=7)
    canvas.stack(organs["stomach"], hu("bowel wall"), within=inner)
    canvas.stack(shrunk(organs["stomach"], 5.0), hu("fluid") + 14, within=inner, texture_hu=10)
    canvas.stack(torso.STOMACH_GAS, hu("gas"), within=shrunk(organs["stomach"], 5.0))
    canvas.tube(torso.PANCREAS, hu("pancreas"))
    for adrenal in torso.ADRENALS:
        canvas.tube(adrenal, hu("pancreas"))
    for side in SIDES:
        kidney = organs[f"{side} kidney"]
        canvas.stack(kidney, hu("renal medulla"), shell_mm=8, shell_hu=hu("renal cortex"))
        canvas.stack(resized(kidney, 0.42, (-7 * SIDES[side], -6, 0)), hu("fat") + 60)
    for loop in anatomy.bowel:
        canvas.tube(loop, hu("bowel wall"), hu("fluid") + 12)
    for colon in torso.COLON:
        canvas.tube(colon, hu("bowel wall"), hu("stool"))
    canvas.tube(torso.RECTUM, hu("bowel wall"), hu("stool"))
    canvas.stack(organs["bladder"], hu("fluid"), shell_mm=3.5, shell_hu=hu("bowel wall"))
    canvas.stack(torso.PROSTATE, hu("muscle"))


def _paint_bones(canvas: Canvas, phase: Phase) -> None:
    hu = partial(attenuation, phase=phase)
    hard, soft = hu("cortical bone"), hu("marrow")

    def solid(shape: Stack, shell_mm: float) -> None:
        spongy = hu("spongiosa")
        canvas.stack(shape, spongy, texture_hu=28, shell_mm=shell_mm, shell_hu=hard)

    canvas.stack(skeleton.discs(), hu("disc"))
    for bone in skeleton.vertebrae():
        solid(bone.body, 1.6)
        for process in bone.processes:
            canvas.tube(process, hard, soft)
        canvas.stack(bone.canal, hu("canal"))
    ribs, cartilage = skeleton.ribs()
    for rib in ribs:
        canvas.tube(rib, hard, soft)
    for joint in cartilage:
        canvas.tube(joint, hu("cartilage"))
    clavicles, blades = skeleton.shoulder()
    for clavicle in clavicles:
        canvas.tube(clavicle, hard, soft)
    pelvis = skeleton.pelvis()
    for plate in (skeleton.sternum(), *blades, *pelvis.wings):
        canvas.plate(plate, hard, soft)
    solid(pelvis.sacrum, 2.0)
    for part in pelvis.tubes:
        canvas.tube(part, hard, soft)
    for head in pelvis.heads:
        solid(head, 2.5)

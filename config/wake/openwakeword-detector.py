"""A wake word for Vivavoce by openWakeWord: samples on stdin, a line on stdout for each detection.

Usage: PYTHON openwakeword-detector.py [MODEL [THRESHOLD]], such as hey_jarvis 0.5. PYTHON is that of an environment with
`pip install openwakeword`; the model is downloaded when it is first used. See docs/wake-word.md.
"""
import sys

import numpy
import openwakeword.utils
from openwakeword.model import Model

name = sys.argv[1] if len(sys.argv) > 1 else "hey_jarvis"
threshold = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
openwakeword.utils.download_models([name])
model = Model(wakeword_models=[name], inference_framework="onnx")
while len(block := sys.stdin.buffer.read(2560)) == 2560:  # 80 ms, what it looks at in one step
    score = max(model.predict(numpy.frombuffer(block, dtype="<i2")).values())
    if score >= threshold:
        print(f"{name} {score:.2f}", flush=True)
        model.reset()  # or the same word would be heard again in the next steps

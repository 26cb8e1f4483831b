// What AudioDevices takes from the client library of PulseAudio, which PipeWire answers, too.
#pragma once

#include <pulse/pulseaudio.h>

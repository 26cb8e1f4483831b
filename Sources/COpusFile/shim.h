// What Archive takes from opusfile: decoding Ogg Opus, from any place in it.
#pragma once
#include <opusfile.h>

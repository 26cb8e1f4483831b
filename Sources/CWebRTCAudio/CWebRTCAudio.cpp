#include "CWebRTCAudio.h"

#include <cstring>
#include <memory>
#include <new>
#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>

using webrtc::AudioFrame;
using webrtc::AudioProcessing;

static constexpr int rate = 16000;
static constexpr size_t frame_samples = 160;

struct vv_voice_processor {
    std::unique_ptr<AudioProcessing> module;
    // Preallocated: it holds room for the longest frame that the library knows.
    AudioFrame frame;
};

// The first code that is not 0.
static int configure(AudioProcessing &module, vv_voice_stages stages) {
    const auto mono = AudioProcessing::kMono;
    if (int code = module.Initialize(rate, rate, rate, mono, mono, mono)) return code;
    if (int code = module.high_pass_filter()->Enable(stages.high_pass)) return code;
    auto *noise = module.noise_suppression();
    if (int code = noise->set_level(webrtc::NoiseSuppression::kModerate)) return code;
    if (int code = noise->Enable(stages.noise_suppression)) return code;
    auto *gain = module.gain_control();
    if (int code = gain->set_mode(webrtc::GainControl::kAdaptiveDigital)) return code;
    return gain->Enable(stages.gain_control);
}

vv_voice_processor *vv_voice_processor_create(vv_voice_stages stages, int *error) {
    *error = AudioProcessing::kUnspecifiedError;
    std::unique_ptr<vv_voice_processor> made(new (std::nothrow) vv_voice_processor);
    if (!made) return nullptr;
    webrtc::Config config;
    config.Set<webrtc::ExperimentalAgc>(new webrtc::ExperimentalAgc(false));
    made->module.reset(AudioProcessing::Create(config));
    if (!made->module) return nullptr;
    *error = configure(*made->module, stages);
    if (*error != 0) return nullptr;
    made->frame.sample_rate_hz_ = rate;
    made->frame.samples_per_channel_ = frame_samples;
    made->frame.num_channels_ = 1;
    return made.release();
}

void vv_voice_processor_free(vv_voice_processor *processor) { delete processor; }

int vv_voice_processor_process(vv_voice_processor *processor, int16_t *frame) {
    std::memcpy(processor->frame.data_, frame, frame_samples * sizeof *frame);
    int code = processor->module->ProcessStream(&processor->frame);
    if (code == 0) std::memcpy(frame, processor->frame.data_, frame_samples * sizeof *frame);
    return code;
}

// The library exports its voice detector without a header for it. A library that does not fails to link.
extern "C" {
struct WebRtcVadInst;
WebRtcVadInst *WebRtcVad_Create();
void WebRtcVad_Free(WebRtcVadInst *);
int WebRtcVad_Init(WebRtcVadInst *);
int WebRtcVad_set_mode(WebRtcVadInst *, int);
int WebRtcVad_Process(WebRtcVadInst *, int, const int16_t *, size_t);
}

static WebRtcVadInst *inner(vv_voice_detector *detector) { return reinterpret_cast<WebRtcVadInst *>(detector); }

vv_voice_detector *vv_voice_detector_create(int mode) {
    WebRtcVadInst *made = WebRtcVad_Create();
    if (!made) return nullptr;
    if (WebRtcVad_Init(made) == 0 && WebRtcVad_set_mode(made, mode) == 0)
        return reinterpret_cast<vv_voice_detector *>(made);
    WebRtcVad_Free(made);
    return nullptr;
}

void vv_voice_detector_free(vv_voice_detector *detector) { WebRtcVad_Free(inner(detector)); }

int vv_voice_detector_process(vv_voice_detector *detector, const int16_t *frame, int count) {
    return WebRtcVad_Process(inner(detector), rate, frame, static_cast<size_t>(count));
}

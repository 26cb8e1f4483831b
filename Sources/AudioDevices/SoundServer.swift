import CPulse
import Glibc

/// Where a sound server has put a stream of this process.
package struct ServedPlace: Equatable, Sendable {
    /// The server's name for the device, such as `alsa_output.usb-headset.analog-stereo`.
    package var name: String
    /// For people, such as `Headset Analog Stereo`.
    package var description: String
    /// An echo canceller stands between the device and us.
    package var cancelsEcho: Bool
    /// As an input: what is played on a loudspeaker, not what a microphone hears.
    package var isMonitor: Bool
}

/// Watches, as one of its clients, where the sound server that ALSA's plugins lead to puts this process's streams.
///
/// ALSA does not say: a stream that was opened as `default` follows the server's default, is carried over when its
/// device goes, or is moved by a person, and sounds on elsewhere. `places()` is its whole life. The library's thread calls
/// back; everything that it touches is touched there, or under the library's lock.
package final class SoundServer: @unchecked Sendable {
    package enum Change: Equatable, Sendable {
        /// The server answers: from now on places are told.
        case connected
        case place(DeviceDirection, ServedPlace)
    }

    private let loop: OpaquePointer
    private let context: OpaquePointer
    private let feed: AsyncStream<Change>.Continuation
    private var places: [DeviceDirection: ServedPlace] = [:]

    /// What changes, until the server is gone, or the stream is not read any more. It ends at once where there is none.
    ///
    /// The server is the one that the environment and the configuration of its client library name.
    package static func changes() -> AsyncStream<Change> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { feed in
            guard let server = SoundServer(feed) else { return feed.finish() }
            feed.onTermination = { how in
                if case .cancelled = how { server.close() }
            }
            server.connect()
        }
    }

    private init?(_ feed: AsyncStream<Change>.Continuation) {
        guard let loop = pa_threaded_mainloop_new() else { return nil }
        guard let context = pa_context_new(pa_threaded_mainloop_get_api(loop), "vivavoce") else {
            pa_threaded_mainloop_free(loop)
            return nil
        }
        self.loop = loop
        self.context = context
        self.feed = feed
    }

    deinit {
        pa_threaded_mainloop_stop(loop)
        pa_context_unref(context)
        pa_threaded_mainloop_free(loop)
    }

    private func connect() {
        // The context keeps this alive until it has ended, when `stateChanged` lets go.
        pa_context_set_state_callback(context, contextChanged, Unmanaged.passRetained(self).toOpaque())
        guard pa_threaded_mainloop_start(loop) >= 0 else { return feed.finish() }
        pa_threaded_mainloop_lock(loop)
        defer { pa_threaded_mainloop_unlock(loop) }
        if pa_context_connect(context, nil, PA_CONTEXT_NOAUTOSPAWN, nil) < 0 { feed.finish() }
    }

    private func close() {
        pa_threaded_mainloop_lock(loop)
        pa_context_disconnect(context)
        pa_threaded_mainloop_unlock(loop)
    }

    // MARK: On the library's thread

    fileprivate func stateChanged(_ box: Unmanaged<SoundServer>) {
        switch pa_context_get_state(context) {
        case PA_CONTEXT_READY:
            feed.yield(.connected)
            pa_context_set_subscribe_callback(context, streamsChanged, box.toOpaque())
            let streams = PA_SUBSCRIPTION_MASK_SINK_INPUT.rawValue | PA_SUBSCRIPTION_MASK_SOURCE_OUTPUT.rawValue
            forget(pa_context_subscribe(context, pa_subscription_mask_t(streams), nil, nil))
            look(box.toOpaque())
        case PA_CONTEXT_FAILED, PA_CONTEXT_TERMINATED:
            pa_context_set_state_callback(context, nil, nil)
            pa_context_set_subscribe_callback(context, nil, nil)
            feed.finish()
            // The library's thread must not be the one that stops it.
            let last = box
            DetachedCall.start { last.release() }
        default: break
        }
    }

    /// Asks where our streams are; the answers come back on this thread.
    fileprivate func look(_ box: UnsafeMutableRawPointer) {
        forget(pa_context_get_sink_input_info_list(context, heardOfOutput, box))
        forget(pa_context_get_source_output_info_list(context, heardOfInput, box))
    }

    fileprivate func foundOutput(_ stream: pa_sink_input_info, _ box: UnsafeMutableRawPointer) {
        guard isOurs(stream.proplist) else { return }
        forget(pa_context_get_sink_info_by_index(context, stream.sink, foundSink, box))
    }

    fileprivate func foundInput(_ stream: pa_source_output_info, _ box: UnsafeMutableRawPointer) {
        guard isOurs(stream.proplist) else { return }
        forget(pa_context_get_source_info_by_index(context, stream.source, foundSource, box))
    }

    fileprivate func found(_ place: ServedPlace, _ direction: DeviceDirection) {
        guard places[direction] != place else { return }
        places[direction] = place
        feed.yield(.place(direction, place))
    }

    private func isOurs(_ properties: OpaquePointer?) -> Bool {
        guard let text = pa_proplist_gets(properties, PA_PROP_APPLICATION_PROCESS_ID) else { return false }
        return String(cString: text) == "\(getpid())"
    }

    /// The operation goes on by itself.
    private func forget(_ operation: OpaquePointer?) {
        if let operation { pa_operation_unref(operation) }
    }
}

extension ServedPlace {
    fileprivate init(_ sink: pa_sink_info) {
        name = String(cString: sink.name)
        description = String(cString: sink.description)
        cancelsEcho = Self.isEchoCanceller(driver: sink.driver, name: name)
        isMonitor = false
    }

    fileprivate init(_ source: pa_source_info) {
        name = String(cString: source.name)
        description = String(cString: source.description)
        cancelsEcho = Self.isEchoCanceller(driver: source.driver, name: name)
        isMonitor = source.monitor_of_sink != .max
    }

    /// PulseAudio says which module made a device; PipeWire's module is known by the name that it gives.
    private static func isEchoCanceller(driver: UnsafePointer<CChar>?, name: String) -> Bool {
        driver.map { String(cString: $0).contains("module-echo-cancel") } ?? false || DeviceTraits.namesCanceller(name)
    }
}

// The library takes free functions. Each gets the box that `connect` made, as its last argument.

private func contextChanged(_ context: OpaquePointer?, _ box: UnsafeMutableRawPointer?) {
    guard let box else { return }
    let server = Unmanaged<SoundServer>.fromOpaque(box)
    server.takeUnretainedValue().stateChanged(server)
}

private func streamsChanged(
    _ context: OpaquePointer?, _ event: pa_subscription_event_type_t, _ index: UInt32, _ box: UnsafeMutableRawPointer?
) {
    guard let box else { return }
    Unmanaged<SoundServer>.fromOpaque(box).takeUnretainedValue().look(box)
}

private func heardOfOutput(
    _ context: OpaquePointer?, _ stream: UnsafePointer<pa_sink_input_info>?, _ isLast: CInt,
    _ box: UnsafeMutableRawPointer?
) {
    guard let stream, let box else { return }
    Unmanaged<SoundServer>.fromOpaque(box).takeUnretainedValue().foundOutput(stream.pointee, box)
}

private func heardOfInput(
    _ context: OpaquePointer?, _ stream: UnsafePointer<pa_source_output_info>?, _ isLast: CInt,
    _ box: UnsafeMutableRawPointer?
) {
    guard let stream, let box else { return }
    Unmanaged<SoundServer>.fromOpaque(box).takeUnretainedValue().foundInput(stream.pointee, box)
}

private func foundSink(
    _ context: OpaquePointer?, _ sink: UnsafePointer<pa_sink_info>?, _ isLast: CInt, _ box: UnsafeMutableRawPointer?
) {
    guard let sink, let box else { return }
    Unmanaged<SoundServer>.fromOpaque(box).takeUnretainedValue().found(ServedPlace(sink.pointee), .output)
}

private func foundSource(
    _ context: OpaquePointer?, _ source: UnsafePointer<pa_source_info>?, _ isLast: CInt,
    _ box: UnsafeMutableRawPointer?
) {
    guard let source, let box else { return }
    Unmanaged<SoundServer>.fromOpaque(box).takeUnretainedValue().found(ServedPlace(source.pointee), .input)
}

import CALSA
import Glibc

/// A volume control in the mixers of sound cards, for outputs whose loudness the hardware or the system sets.
///
/// The mixer is opened for each change and closed again: a card that was unplugged meanwhile is no trouble, and changes
/// are rare. A thread of its own waits on the card, for two seconds at most.
package actor Mixer {
    private let thread: DeviceThread
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private static let patience = Duration.seconds(2)
    private let control: String
    private let wake: Wake

    /// - Parameter control: such as `Master`; `Master,1` for the second of that name.
    /// - Throws: when the process has no descriptor or thread left.
    package init(control: String) throws(DeviceError) {
        thread = try DeviceThread(name: "vv-mixer")
        self.control = control
        wake = try Wake()
    }

    /// Opens the mixer to see that the control is there. Blocks the caller for two seconds at most.
    ///
    /// - Parameter output: an ALSA device; the mixer is that of its card, or of its sound server.
    /// - Throws: `.usage` for a control that is not there, with those that are, and for an output without a mixer;
    ///   `.stalled` when the card or its server does not answer.
    package nonisolated func check(on output: DeviceSpec) throws(DeviceError) {
        let card = try self.card(of: output)
        try DetachedCall.value(of: "the mixer of \(output)", within: Self.patience, wake: Wake(), unless: { false }) {
            [control] () throws(DeviceError) in try OpenMixer(card: card).check(control)
        }
    }

    /// - Parameters:
    ///   - volume: 0 … 1, linear in pressure: in decibels below the loudest where the control knows them, else as a part
    ///     of its range.
    ///   - output: as in `check`.
    /// - Throws: as `check` does.
    package func setVolume(_ volume: Double, on output: DeviceSpec) throws(DeviceError) {
        let card = try self.card(of: output)
        try DetachedCall.value(of: "the mixer of \(output)", within: Self.patience, wake: wake, unless: { false }) {
            [control] () throws(DeviceError) in try OpenMixer(card: card).set(control, to: volume)
        }
    }

    private nonisolated func card(of output: DeviceSpec) throws(DeviceError) -> String {
        guard case .alsa(let name) = output else {
            throw DeviceError(
                .usage, "\(output) has no mixer, so there is no \(control) to set",
                remedy: "Leave the mixer out: the volume is then ours")
        }
        return Self.card(of: name)
    }

    /// The control device of a PCM's card: `hw:CARD=PCH` of `plughw:CARD=PCH,DEV=0`. Names without a card, such as
    /// `default`, are names of control devices, too.
    static func card(of name: String) -> String {
        guard let colon = name.firstIndex(of: ":") else { return name }
        let arguments = name[name.index(after: colon)...].split(separator: ",")
        let card = arguments.first { $0.hasPrefix("CARD=") } ?? arguments.first { !$0.contains("=") }
        return card.map { "hw:\($0)" } ?? name
    }

    /// Hundredths of a decibel for a linear volume.
    ///
    /// - Parameter range: of the control, likewise.
    static func decibels(_ volume: Double, in range: ClosedRange<Int>) -> Int {
        guard volume > 0 else { return range.lowerBound }
        let wanted = Double(range.upperBound) + 2_000 * log10(volume)
        return max(range.lowerBound, Int(wanted.rounded()))
    }
}

/// An opened mixer with one owner.
private struct OpenMixer: ~Copyable {
    private let handle: OpaquePointer
    private let card: String

    init(card: String) throws(DeviceError) {
        vv_alsa_quiet()
        var opened: OpaquePointer?
        var code = snd_mixer_open(&opened, 0)
        guard code >= 0, let opened else { throw .alsa(Int(code), "cannot open the mixer of", card) }
        code = snd_mixer_attach(opened, card)
        if code >= 0 { code = snd_mixer_selem_register(opened, nil, nil) }
        if code >= 0 { code = snd_mixer_load(opened) }
        guard code >= 0 else {
            snd_mixer_close(opened)
            throw .alsa(Int(code), "cannot open the mixer of", card)
        }
        handle = opened
        self.card = card
    }

    deinit { snd_mixer_close(handle) }

    borrowing func check(_ control: String) throws(DeviceError) { _ = try element(control) }

    borrowing func set(_ control: String, to volume: Double) throws(DeviceError) {
        let element = try element(control)
        var (lowest, highest) = (0, 0)
        var code: CInt
        if snd_mixer_selem_get_playback_dB_range(element, &lowest, &highest) >= 0, lowest < highest {
            let value = Mixer.decibels(volume, in: lowest...highest)
            code = snd_mixer_selem_set_playback_dB_all(element, value, 0)
        } else {
            snd_mixer_selem_get_playback_volume_range(element, &lowest, &highest)
            let value = lowest + Int((Double(highest - lowest) * volume).rounded())
            code = snd_mixer_selem_set_playback_volume_all(element, value)
        }
        // The lowest step of many controls can still be heard.
        if code >= 0, snd_mixer_selem_has_playback_switch(element) != 0 {
            code = snd_mixer_selem_set_playback_switch_all(element, volume > 0 ? 1 : 0)
        }
        if code < 0 { throw .alsa(Int(code), "cannot set \(control) of", card) }
    }

    private borrowing func element(_ control: String) throws(DeviceError) -> OpaquePointer {
        var names: [String] = []
        var next = snd_mixer_first_elem(handle)
        while let element = next {
            next = snd_mixer_elem_next(element)
            guard snd_mixer_selem_has_playback_volume(element) != 0 else { continue }
            let name = String(cString: snd_mixer_selem_get_name(element))
            let index = snd_mixer_selem_get_index(element)
            let full = index == 0 ? name : "\(name),\(index)"
            if full == control { return element }
            names.append(full)
        }
        let there = names.isEmpty ? "It has no volume at all" : "There are: \(names.joined(separator: ", "))"
        throw DeviceError(.usage, "the mixer of \(card) has no volume called \(control)", remedy: there)
    }
}

import CALSA
import Glibc

/// The sound cards of this machine: their ids, which stay, and their numbers, which change with the order of plugging.
enum SoundCards {
    /// - Returns: such as `PCH`; nil when there is no card of this number.
    static func id(of number: Int) -> String? {
        guard number >= 0 else { return nil }
        var control: OpaquePointer?
        guard snd_ctl_open(&control, "hw:\(number)", Int32(SND_CTL_NONBLOCK)) >= 0, let control else { return nil }
        defer { snd_ctl_close(control) }
        var info: OpaquePointer?
        guard snd_ctl_card_info_malloc(&info) >= 0, let info else { return nil }
        defer { snd_ctl_card_info_free(info) }
        guard snd_ctl_card_info(control, info) >= 0, let id = snd_ctl_card_info_get_id(info) else { return nil }
        return String(cString: id)
    }

    /// Turns the number of a card in a device's name into the card's id, so that the name still means the same device
    /// when it is plugged in again under another number: `plughw:1,0` into `plughw:CARD=PCH,DEV=0`.
    ///
    /// - Parameter idOf: what a card of this number is called.
    /// - Returns: nil for a name without a number, or one of a card that is not there.
    static func stableName(of name: String, idOf: (Int) -> String? = id) -> String? {
        guard let colon = name.firstIndex(of: ":") else { return nil }
        let kind = name[..<colon]
        guard ["hw", "plughw", "sysdefault", "front", "dmix", "dsnoop", "iec958"].contains(kind) else { return nil }
        let numbers = name[name.index(after: colon)...].split(separator: ",", omittingEmptySubsequences: false)
        let places = ["CARD", "DEV", "SUBDEV"]
        guard (1...places.count).contains(numbers.count), let card = Int(numbers[0]), let id = idOf(card) else {
            return nil
        }
        let rest = zip(places, numbers).dropFirst().map { "\($0)=\($1)" }
        guard numbers.dropFirst().allSatisfy({ Int($0) != nil }) else { return nil }
        return "\(kind):" + (["CARD=\(id)"] + rest).joined(separator: ",")
    }
}

extension SettingKey {
    /// The key that somebody probably meant by a path that is none.
    ///
    /// A right name in a wrong section counts as one slip, so `endpoint` and `audio.endpoint` find `service.endpoint`;
    /// so does a name that was not finished, such as `turns.silence`.
    package static func nearest(to path: String) -> SettingKey {
        let path = path.lowercased()
        let name = path.split(separator: ".").last.map(String.init) ?? path
        func distance(to key: SettingKey) -> Int {
            let isUnfinished = name.count > 2 && key.name.lowercased().hasPrefix(name)
            let byName = isUnfinished ? 1 : slips(from: name, to: key.name.lowercased())
            let isInSection = path == "\(key.section).\(name)"
            return min(slips(from: path, to: key.path.lowercased()), byName + (isInSection ? 0 : 1))
        }
        return (all + hooks).min { distance(to: $0) < distance(to: $1) }!  // the table is not empty
    }

    /// The environment name that somebody probably meant.
    package static func nearest(toEnvironmentName name: String) -> SettingKey {
        (all + hooks).min { slips(from: name, to: $0.environmentName) < slips(from: name, to: $1.environmentName) }!
    }

    /// Letters to insert, drop, change or swap with their neighbour until one word is the other.
    static func slips(from source: String, to target: String) -> Int {
        let source = Array(source)
        let target = Array(target)
        var beforeLast: [Int] = []
        var last = Array(0...target.count)
        for (row, letter) in source.enumerated() {
            var current = [row + 1]
            for (column, other) in target.enumerated() {
                var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == target[column - 1], source[row - 1] == other {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[target.count]
    }
}

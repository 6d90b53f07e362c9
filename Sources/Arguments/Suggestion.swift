/// Finds the word that somebody who wrote a wrong one probably meant.
public enum Suggestion {
    /// The nearest of the candidates, or nil when none is near.
    ///
    /// Near is: one begins with the other (from three characters on), or at most a third of the characters
    /// have to be changed, added, dropped or swapped with their neighbour (optimal string alignment
    /// distance). Of several equally near ones the first in the given order is returned.
    public static func nearest(to word: String, among candidates: [String]) -> String? {
        let wanted = Array(word.lowercased())
        guard !wanted.isEmpty, wanted.count <= 64 else { return nil }
        var best: (candidate: String, distance: Int)?
        for candidate in candidates {
            let letters = Array(candidate.lowercased())
            var distance = distance(wanted, letters)
            let shorter = min(wanted.count, letters.count)
            if shorter >= 3, wanted.prefix(shorter).elementsEqual(letters.prefix(shorter)) {
                distance = min(distance, 1)
            }
            guard distance <= max(1, max(wanted.count, letters.count) / 3) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.candidate
    }

    /// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforePrevious = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for row in 0..<left.count {
            var current = [row + 1] + [Int](repeating: 0, count: right.count)
            for column in 0..<right.count {
                let same = left[row] == right[column]
                var least = min(
                    previous[column + 1] + 1, current[column] + 1, previous[column] + (same ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    least = min(least, beforePrevious[column - 1] + 1)
                }
                current[column + 1] = least
            }
            (beforePrevious, previous) = (previous, current)
        }
        return previous[right.count]
    }
}

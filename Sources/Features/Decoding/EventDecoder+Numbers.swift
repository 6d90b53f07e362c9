internal import Basics

/// The most frequent case, read in one loop: numbers of float features, written without white space, behind
/// the keys that stood there in the last event. Whatever is not that is left to the general way.
extension EventDecoder {
    /// Reads elements of the array of features from `index` on, while they are plain numbers.
    @inline(__always)
    func numbers(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ index: inout Int, _ block: inout FeatureBlock
    ) {
        guard index < numberRuns.count, numberRuns[index] > index else { return }
        let start = block.rowStart
        var values = block.values.mutableSpan
        index = scanner.plainElements(bytes, index..<numberRuns[index], into: &values, at: start)
    }

    /// Reads members from `position` on, while each has the key that is expected there and a plain number.
    func numbers(
        _ bytes: Span<UInt8>, _ scanner: inout JSONScanner, _ order: KeyOrder, _ position: inout Int,
        _ block: inout FeatureBlock
    ) {
        let expected = order.expected.span
        guard position < expected.count, expected[position].number >= 0 else { return }
        let text = bytes.extracting(0..<scanner.end)
        let written = keys.written.span
        let start = block.rowStart
        var values = block.values.mutableSpan
        var at = scanner.position
        var index = position
        while index < expected.count {
            let next = expected[index]
            guard next.number >= 0 else { break }
            var place = at
            if index > 0 {
                guard place < text.count, text[place] == 0x2C else { break }
                place &+= 1
            }
            let key = Int(next.start)..<Int(next.end)
            guard JSONScanner.matches(written, key, text, at: place) else { break }
            place &+= key.count
            let number = JSONScanner.plainNumber(text, at: place)
            guard number.end >= 0 else { break }
            values[start &+ Int(next.number)] = number.value
            at = number.end
            index &+= 1
        }
        guard index > position else { return }
        position = index
        scanner.resume(behindValueAt: at)
    }
}

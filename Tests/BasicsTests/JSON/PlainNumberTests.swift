import Basics
import Foundation
import Testing

/// The short ways of reading numbers against the long one and against the C library.
struct PlainNumberTests {
    /// Reads `text`, which stands behind `lead` other bytes and before `rest`.
    private func plain(_ text: String, lead: Int = 0, rest: String) -> (value: Double, end: Int) {
        let bytes = Array(repeating: UInt8(ascii: "7"), count: lead) + Array((text + rest).utf8)
        let result = JSONScanner.plainNumber(bytes.span, at: lead)
        return (result.value, result.end < 0 ? -1 : result.end - lead)
    }

    /// A number as some program may write it: no white space, no exponent.
    private func token(_ random: inout SeededRandom) -> String {
        var text = Bool.random(using: &random) ? "-" : ""
        let whole = Int.random(in: 1...10, using: &random)
        let decimals = Int.random(in: 0...10, using: &random)
        if Int.random(in: 0..<3, using: &random) == 0 {
            text += "0"
        } else {
            text += String(Int.random(in: 1...9, using: &random))
            for _ in 1..<whole { text += String(Int.random(in: 0...9, using: &random)) }
        }
        guard decimals > 0 else { return text }
        text += "."
        for _ in 0..<decimals { text += String(Int.random(in: 0...9, using: &random)) }
        return text
    }

    @Test func readsWhatTheLibraryReads() {
        var random = SeededRandom(seed: 31)
        for _ in 0..<60_000 {
            let text = token(&random)
            let rest =
                [",", "]", "}", ", 7.5", "]]]]]]]]", ",1.5,2.5,3.5"].randomElement(using: &random) ?? ""
            let digits = text.count { $0.isNumber }
            let (value, end) = plain(text, lead: Int.random(in: 0...3, using: &random), rest: rest)
            guard digits <= 19 else {
                #expect(end == -1, "\(text)")
                continue
            }
            #expect(end == text.utf8.count, "\(text)\(rest)")
            #expect(value.bitPattern == strtod(text, nil).bitPattern, "\(text)\(rest)")
        }
    }

    @Test(arguments: [
        "", "-", "+1", ".5", "-.5", "1.", "1.e5", "-1.", "01", "-01.5", "00.5", "1e5", "1.5e3", "1.5E3",
        "--1",
        "-a", "a", "NaN", "null", "1234567e1", "0.123456e", "12345678901234567890", "1..5", "-00",
    ])
    func leavesTheRestToTheOthers(text: String) {
        #expect(plain(text, rest: ",1.5,2.5,3.5").end == -1)
        #expect(plain(text, rest: "").end == -1)
    }

    @Test func aNumberThatTheBytesEndWithIsLeftToTheOthers() {
        for text in ["1", "1.5", "-12.345", "1234567.25", "0.0000001"] {
            #expect(plain(text, rest: "").end == -1)
        }
    }

    /// Bytes at random, many of them digits: what is read must be what the general call reads.
    @Test func anyBytesAreReadAsTheGeneralCallReadsThem() {
        var random = SeededRandom(seed: 32)
        let likely =
            Array("0123456789012345678901234567890123456789..--,,]eE+ \u{0}\u{7F}".utf8) + [0xFF, 0x80]
        var read = 0
        for _ in 0..<60_000 {
            let count = Int.random(in: 0...24, using: &random)
            let bytes = (0..<count).map { _ in likely.randomElement(using: &random) ?? 0 }
            let number = JSONScanner.plainNumber(bytes.span, at: 0)
            guard number.end >= 0 else { continue }
            read += 1
            var scanner = JSONScanner(0..<count)
            #expect((try? scanner.number(bytes.span))?.bitPattern == number.value.bitPattern, "\(bytes)")
            #expect(scanner.position == number.end, "\(bytes)")
        }
        #expect(read > 5_000)
    }

    /// The loop over elements and the general calls take turns, whatever stands in the array.
    @Test func elementsAreReadOnceEach() throws {
        var random = SeededRandom(seed: 33)
        for _ in 0..<3_000 {
            var texts: [String] = []
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                let odd = Int.random(in: 0..<6, using: &random)
                texts.append(odd == 0 ? " \(token(&random))" : odd == 1 ? "1e2" : token(&random))
            }
            let wanted = texts.map { strtod($0, nil) }
            let bytes = Array("[\(texts.joined(separator: ","))]".utf8)
            var scanner = JSONScanner(0..<bytes.count)
            try scanner.beginArray(bytes.span)
            var values = [Double](repeating: .nan, count: 20)
            var index = 0
            let limit = Int.random(in: 0...13, using: &random)
            while true {
                var span = values.mutableSpan
                index = scanner.plainElements(bytes.span, index..<max(index, limit), into: &span, at: 3)
                guard try scanner.nextElement(bytes.span) else { break }
                values[3 + index] = try scanner.number(bytes.span)
                index += 1
            }
            try scanner.finish(bytes.span)
            #expect(index == wanted.count)
            #expect(
                zip(values.dropFirst(3), wanted).allSatisfy { $0.bitPattern == $1.bitPattern }, "\(texts)")
        }
    }
}

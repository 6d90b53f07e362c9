import Testing
import Zstd

@Suite struct FrameTests {
    private static let samples: [[UInt8]] = [
        [], [7], Array(repeating: 65, count: 1_000_000),
        (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) },
    ]

    @Test(arguments: samples) func aFrameGivesItsBytesBack(bytes: [UInt8]) throws {
        var compressor = Compressor()
        var decompressor = Decompressor()
        let frame = try compressor.compress(bytes.span)
        #expect(frame.count <= Compressor.bound(bytes.count))
        #expect(try decompressor.decompress(frame.span, expectedSize: bytes.count) == bytes)
    }

    @Test(arguments: samples) func aStreamInPartsGivesItsBytesBack(bytes: [UInt8]) throws {
        var compressor = Compressor()
        var decompressor = Decompressor()
        var frame: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let part = Array(bytes[at..<min(bytes.count, at + 70_001)])
            try compressor.append(part.span, to: &frame, finish: false)
            at += part.count
        }
        try compressor.append([UInt8]().span, to: &frame, finish: true)
        var output: [UInt8] = []
        var ended = false
        at = 0
        while at < frame.count {
            let part = Array(frame[at..<min(frame.count, at + 1_003)])
            ended = try decompressor.append(part.span, to: &output, outputBytesMax: bytes.count)
            at += part.count
        }
        #expect(ended)
        #expect(output == bytes)
    }

    @Test func aFrameThatHoldsMoreThanStatedIsRefusedWithoutBeingOpened() throws {
        var compressor = Compressor()
        var decompressor = Decompressor()
        let bomb = try compressor.compress([UInt8](repeating: 0, count: 50_000_000).span)
        #expect(bomb.count < 10_000)
        #expect(throws: ZstdError.self) { try decompressor.decompress(bomb.span, expectedSize: 1_000) }
        // The same without a stated size: a stream's frame does not say it.
        var silent: [UInt8] = []
        try compressor.append([UInt8](repeating: 0, count: 50_000_000).span, to: &silent, finish: false)
        try compressor.append([UInt8]().span, to: &silent, finish: true)
        do {
            _ = try decompressor.decompress(silent.span, expectedSize: 1_000)
            Issue.record("a bomb was opened")
        } catch {
            #expect(error.code == .wrongSize)
        }
        var output: [UInt8] = []
        #expect(throws: ZstdError.self) {
            try decompressor.append(silent.span, to: &output, outputBytesMax: 5_000)
        }
        #expect(output.count <= 5_000)
    }

    @Test func aWindowAboveTheLimitIsRefused() throws {
        var compressor = Compressor(level: 19)
        var noise: [UInt8] = []
        var state: UInt32 = 1
        for _ in 0..<300_000 {
            state = state &* 1_664_525 &+ 1_013_904_223
            noise.append(UInt8(state >> 24))
        }
        var frame: [UInt8] = []
        try compressor.append(noise.span, to: &frame, finish: false)
        try compressor.append([UInt8]().span, to: &frame, finish: true)
        var narrow = Decompressor(windowBytesMax: 1 << 10)
        do {
            _ = try narrow.decompress(frame.span, expectedSize: noise.count)
            Issue.record("a large window was opened")
        } catch {
            #expect(error.code == .windowTooLarge)
        }
    }

    @Test func everyTruncationAndEveryFlippedBitIsRefused() throws {
        var compressor = Compressor()
        var decompressor = Decompressor()
        let bytes = (0..<2_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let frame = try compressor.compress(bytes.span)
        for count in 0..<frame.count {
            let cut = Array(frame[..<count])
            #expect(throws: ZstdError.self, "cut to \(count)") {
                try decompressor.decompress(cut.span, expectedSize: bytes.count)
            }
        }
        for bit in 0..<frame.count * 8 {
            var flipped = frame
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            // A flip may leave the same content (an unused bit); it must never give another content.
            let result = try? decompressor.decompress(flipped.span, expectedSize: bytes.count)
            #expect(result == nil || result == bytes, "bit \(bit)")
        }
        var longer = frame
        longer.append(0)
        #expect(throws: ZstdError.self) {
            try decompressor.decompress(longer.span, expectedSize: bytes.count)
        }
        #expect(try decompressor.decompress(frame.span, expectedSize: bytes.count) == bytes, "still usable")
    }
}

internal import Basics
internal import CZstd

/// Opens zstd frames (RFC 8878) that may be hostile: never writes more than the caller's bound, never takes
/// more memory for its window than allowed.
///
/// Owns a C context; confined to one task at a time.
@safe public struct Decompressor: ~Copyable {
    /// The largest window that a frame may ask for by default: 8 MiB, as RFC 8878 section 3.1.1.1.2
    /// recommends.
    public static let windowBytesMax = 8 << 20

    private let context: OpaquePointer
    private var isStreaming = false

    /// A decompressor that refuses frames with a window above `windowBytesMax` (a power of two from 1 KiB to
    /// 2 GiB).
    public init(windowBytesMax: Int = Decompressor.windowBytesMax) {
        let logarithm = windowBytesMax.trailingZeroBitCount
        precondition(
            windowBytesMax.nonzeroBitCount == 1 && (10...31).contains(logarithm),
            "zstd window \(windowBytesMax) is no power of two in 1 KiB ... 2 GiB")
        guard let context = unsafe ZSTD_createDCtx() else {
            preconditionFailure("zstd: no memory for a decompression context")
        }
        unsafe self.context = context
        unsafe ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(logarithm))
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    /// The bytes of one frame, which must be exactly `expectedSize` and end where `frame` ends. The caller
    /// has checked `expectedSize` against its own limit: so much memory is taken. Drops a stream that was
    /// begun and not finished.
    public mutating func decompress(_ frame: Span<UInt8>, expectedSize: Int) throws(ZstdError) -> [UInt8] {
        precondition(expectedSize >= 0, "expected size \(expectedSize)")
        try checkHeader(frame, expectedSize: expectedSize)
        unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        isStreaming = false
        var outcome = (code: 0, consumed: 0, produced: 0)
        // One byte more than expected, so that a frame which holds more shows it.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: expectedSize + 1) { buffer, count in
            unsafe frame.withUnsafeBufferPointer { source in
                var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var target = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: expectedSize + 1, pos: 0)
                // The streaming call is the one that obeys the window limit.
                outcome.code = unsafe ZSTD_decompressStream(context, &target, &input)
                outcome.consumed = unsafe input.pos
                outcome.produced = unsafe target.pos
            }
            count = min(outcome.produced, expectedSize)
        }
        try Zstd.check(outcome.code)
        guard outcome.produced == expectedSize else {
            throw ZstdError(
                .wrongSize,
                "zstd frame holds \(outcome.produced > expectedSize ? "more" : "fewer") than "
                    + "\(expectedSize) bytes")
        }
        guard outcome.code == 0, outcome.consumed == frame.count else {
            throw ZstdError(.corrupt, "zstd frame is cut short or followed by other bytes")
        }
        return bytes
    }

    /// Opens the next `bytes` of a frame, appending at most `outputBytesMax` bytes to `output` over this
    /// call; more is a `wrongSize`. Returns whether the frame has ended; bytes after its end are a `corrupt`.
    public mutating func append(
        _ bytes: Span<UInt8>, to output: inout [UInt8], outputBytesMax: Int
    ) throws(ZstdError) -> Bool {
        if !isStreaming {
            unsafe ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
            isStreaming = true
        }
        var consumed = 0
        var produced = 0
        while true {
            var code = 0
            var full = false
            let step = min(ZSTD_DStreamOutSize(), outputBytesMax - produced + 1)
            let part = unsafe [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                unsafe bytes.withUnsafeBufferPointer { source in
                    var input = unsafe ZSTD_inBuffer(
                        src: source.baseAddress, size: source.count, pos: consumed)
                    var target = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: step, pos: 0)
                    code = unsafe ZSTD_decompressStream(context, &target, &input)
                    consumed = unsafe input.pos
                    count = unsafe target.pos
                    full = unsafe target.pos == step
                }
            }
            try Zstd.check(code)
            produced += part.count
            guard produced <= outputBytesMax else {
                throw ZstdError(.wrongSize, "zstd frame holds more than the allowed \(outputBytesMax) bytes")
            }
            output.append(contentsOf: part)
            if code == 0 {
                isStreaming = false
                guard consumed == bytes.count else {
                    throw ZstdError(.corrupt, "zstd frame is followed by other bytes")
                }
                return true
            }
            if consumed == bytes.count, !full { return false }
        }
    }

    /// Refuses a frame whose header already contradicts `expectedSize`, before any memory is taken.
    private func checkHeader(_ frame: Span<UInt8>, expectedSize: Int) throws(ZstdError) {
        let stated = unsafe frame.withUnsafeBufferPointer { source in
            unsafe ZSTD_getFrameContentSize(source.baseAddress, source.count)
        }
        // The library's macros: unknown is 2^64 - 1, error is 2^64 - 2.
        if stated == UInt64.max - 1 { throw ZstdError(.corrupt, "not a zstd frame") }
        guard stated == UInt64.max || stated == UInt64(expectedSize) else {
            throw ZstdError(
                .wrongSize, "zstd frame states \(stated) bytes where \(expectedSize) are expected")
        }
    }
}

internal import Basics
internal import CZstd

/// Makes zstd frames (RFC 8878), one after another with the same memory.
///
/// Owns a C context; confined to one task at a time. Frames state their content's size when made in one call,
/// and always carry zstd's own checksum.
@safe public struct Compressor: ~Copyable {
    private let context: OpaquePointer

    /// A compressor of `level` 1 (fast) to 19 (small); 3 is zstd's own default.
    public init(level: Int = 3) {
        precondition((1...19).contains(level), "zstd level \(level) is not in 1...19")
        guard let context = unsafe ZSTD_createCCtx() else {
            preconditionFailure("zstd: no memory for a compression context")
        }
        unsafe self.context = context
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
        unsafe ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit {
        unsafe ZSTD_freeCCtx(context)
    }

    /// The most bytes that a frame of `count` raw bytes can have.
    public static func bound(_ count: Int) -> Int {
        ZSTD_compressBound(count)
    }

    /// One whole frame of `bytes`. Drops a stream that was begun and not finished.
    public mutating func compress(_ bytes: Span<UInt8>) throws(ZstdError) -> [UInt8] {
        unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
        var code = 0
        let capacity = Compressor.bound(bytes.count)
        let frame = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            code = unsafe bytes.withUnsafeBufferPointer { source in
                unsafe ZSTD_compress2(context, buffer.baseAddress, capacity, source.baseAddress, source.count)
            }
            count = ZSTD_isError(code) == 0 ? code : 0
        }
        try Zstd.check(code)
        return frame
    }

    /// Adds `bytes` to the frame under way, appending what is ready to `output`; with `finish` it ends the
    /// frame, and the next call begins another.
    public mutating func append(
        _ bytes: Span<UInt8>, to output: inout [UInt8], finish: Bool
    ) throws(ZstdError) {
        var consumed = 0
        while true {
            var left = 0
            let step = ZSTD_CStreamOutSize()
            let part = unsafe [UInt8](unsafeUninitializedCapacity: step) { buffer, count in
                unsafe bytes.withUnsafeBufferPointer { source in
                    var input = unsafe ZSTD_inBuffer(
                        src: source.baseAddress, size: source.count, pos: consumed)
                    var target = unsafe ZSTD_outBuffer(dst: buffer.baseAddress, size: step, pos: 0)
                    left = unsafe ZSTD_compressStream2(
                        context, &target, &input, finish ? ZSTD_e_end : ZSTD_e_continue)
                    consumed = unsafe input.pos
                    count = unsafe target.pos
                }
            }
            try Zstd.check(left)
            output.append(contentsOf: part)
            if finish ? left == 0 : consumed == bytes.count { return }
        }
    }
}

/// What both directions share.
enum Zstd {
    /// Throws when `code`, which a library call returned, is an error.
    static func check(_ code: Int) throws(ZstdError) {
        guard ZSTD_isError(code) != 0 else { return }
        let name = unsafe String(cString: ZSTD_getErrorName(code))
        switch ZSTD_getErrorCode(code) {
        case ZSTD_error_frameParameter_windowTooLarge:
            throw ZstdError(.windowTooLarge, "zstd frame asks for too large a window: \(name)")
        case ZSTD_error_dstSize_tooSmall:
            throw ZstdError(.wrongSize, "zstd frame holds more bytes than stated: \(name)")
        case ZSTD_error_memory_allocation, ZSTD_error_parameter_outOfBound, ZSTD_error_stage_wrong:
            throw ZstdError(.library, "zstd: \(name)", recovery: .bug)
        default:
            throw ZstdError(.corrupt, "not a sound zstd frame: \(name)")
        }
    }
}

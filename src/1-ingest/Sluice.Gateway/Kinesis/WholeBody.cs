using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Sluice.Bytes;
using Sluice.Gateway.Config;

namespace Sluice.Gateway.Kinesis;

/// <summary>
/// The body of a request, whole. A small one stays where the server put it; for a large one memory is taken of a budget first, and it is copied
/// out of the server's buffers as it arrives.
/// </summary>
internal sealed class WholeBody(HttpRequest request, ByteBudget largeBodies) : IDisposable
{
    private PipeReader? _reader;
    private ReadOnlySequence<byte> _inPipe;
    private byte[]? _copy;
    private int _length;
    private long _taken;

    public bool IsLarge => _taken > 0;

    /// <summary>The body once it is read; void after <see cref="Release"/>.</summary>
    public ReadOnlySpan<byte> Span => _copy is null ? _inPipe.FirstSpan : _copy.AsSpan(0, _length);

    /// <returns>False when too many large bodies wait for memory already; nothing of it is read then.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(CancellationToken cancel)
    {
        if (request.ContentLength > GatewayLimits.SmallBodyBytes && !await TakeAsync(request.ContentLength.Value, cancel)) return false;
        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancel);
            if (IsLarge)
            {
                Add(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) return true;
            }
            else if (read.Buffer.Length > GatewayLimits.SmallBodyBytes)
            {
                // A body of unknown length that is no small one may become the largest.
                reader.AdvanceTo(read.Buffer.Start);
                if (!await TakeAsync(GatewayLimits.PayloadBytes, cancel)) return false;
            }
            else if (read.IsCompleted)
            {
                Keep(reader, read.Buffer);
                return true;
            }
            else
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
        }
    }

    /// <summary>Gives the buffers of the body back; its part of the budget stays taken for what was made of it.</summary>
    public void Release()
    {
        _reader?.AdvanceTo(_inPipe.End);
        _reader = null;
        _inPipe = default;
        if (_copy is not null) ArrayPool<byte>.Shared.Return(_copy);
        _copy = null;
        _length = 0;
    }

    public void Dispose()
    {
        Release();
        if (_taken > 0) largeBodies.Return(_taken);
        _taken = 0;
    }

    private async ValueTask<bool> TakeAsync(long bytes, CancellationToken cancel)
    {
        if (await largeBodies.TakeAsync(bytes * GatewayLimits.LargeBodyCost, cancel) is not { } taken) return false;
        _taken = taken;
        return true;
    }

    private void Keep(PipeReader reader, ReadOnlySequence<byte> body)
    {
        if (body.IsSingleSegment)
        {
            (_reader, _inPipe) = (reader, body);
            return;
        }

        Add(body);
        reader.AdvanceTo(body.End);
    }

    private void Add(ReadOnlySequence<byte> bytes)
    {
        var total = _length + (int)bytes.Length;
        if (_copy is null || total > _copy.Length) Grow(Math.Max(total, (int)(request.ContentLength ?? _length * 2L)));
        bytes.CopyTo(_copy.AsSpan(_length));
        _length = total;
    }

    private void Grow(int bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent(bytes);
        if (_copy is not null)
        {
            _copy.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_copy);
        }

        _copy = larger;
    }
}

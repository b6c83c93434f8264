using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Sluice.KafkaWire.Connections;

/// <summary>
/// The memory that connections receive into and send from. Kestrel's own comes in blocks of 4 KiB, sized for HTTP headers: a batch of 1 MiB
/// would take 256 calls into the kernel. A connection has a block only while bytes are on their way.
/// </summary>
internal sealed class TransportMemory : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private readonly int _blockBytes;

    public TransportMemory(int blockBytes) => _blockBytes = blockBytes;

    public override int MaxBufferSize => Array.MaxLength;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, _blockBytes));

    protected override void Dispose(bool disposing)
    {
        // The arrays are the process's shared ones.
    }
}

using System.Runtime.CompilerServices;
using CsvHelper;
using Microsoft.Win32.SafeHandles;
using Sluice.Definition;
using Sluice.Source.Rows;

namespace Sluice.Source.Csv;

/// <summary>One CSV file, opened, checked and indexed: any row is read by its number in key order.</summary>
internal sealed class CsvTable : IDisposable
{
    private static readonly CsvReaderOptions s_records = new()
    {
        Separator = ',',
        HasHeader = false,
        MaxRecordSize = SourceLimits.CsvRecordBytes,
    };

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly RowShape _shape;
    private readonly int[] _columns;
    private readonly int _columnCount;
    private readonly CsvIndex _index;

    private CsvTable(string path, SafeFileHandle file, Dataset dataset, TimestampSpelling spelling, CsvIndex index)
    {
        (_path, _file, _index) = (path, file, index);
        RawField[] fields = [.. dataset.Raw.Where(f => index.Header.Contains(f.Name))];
        _shape = new RowShape(fields, spelling);
        _columns = [.. fields.Select(f => Array.IndexOf(index.Header, f.Name))];
        _columnCount = index.Header.Length;
    }

    /// <summary>Number of rows: the header is none.</summary>
    public int Count => _index.Count;

    /// <summary>Opens {directory}/{table}.csv; null when something is wrong, which is then in <paramref name="faults"/>.</summary>
    public static CsvTable? Open(string directory, Dataset dataset, TimestampSpelling spelling, List<string> faults)
    {
        var path = Path.Combine(directory, dataset.Table + ".csv");
        if (!File.Exists(path))
        {
            faults.Add($"{path}: the file of dataset '{dataset.Name}' does not exist; export the table '{dataset.Table}' to it.");
            return null;
        }

        var scan = CsvScan.Run(path, dataset);
        faults.AddRange(scan.Faults);
        return scan.Faults.Count > 0
            ? null
            : new CsvTable(path, File.OpenHandle(path, options: FileOptions.Asynchronous), dataset, spelling, scan.Index());
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Rows from a row number on, read in pieces of whole records.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        long first, long count, [EnumeratorCancellation] CancellationToken cancel)
    {
        var end = (int)(first > Count - count ? Count : first + count);
        var row = new RowBuffer();
        for (var at = first; at < end;)
        {
            var piece = _index.PieceFrom((int)at, end);
            using var reader = CsvReader.Create(await ReadBytesAsync(piece, cancel), s_records);
            for (var read = 0; read < piece.Rows; read++)
            {
                yield return Next(reader, row);
            }

            at += piece.Rows;
        }
    }

    private async Task<byte[]> ReadBytesAsync(CsvPiece piece, CancellationToken cancel)
    {
        var bytes = new byte[piece.Length];
        for (var filled = 0; filled < bytes.Length;)
        {
            var read = await RandomAccess.ReadAsync(_file, bytes.AsMemory(filled), piece.Offset + filled, cancel);
            if (read == 0)
            {
                throw Changed();
            }

            filled += read;
        }

        return bytes;
    }

    private ReadOnlyMemory<byte> Next(CsvReader reader, RowBuffer row)
    {
        if (!reader.Read() || reader.FieldCount != _columnCount)
        {
            throw Changed();
        }

        for (var field = 0; field < _columns.Length; field++)
        {
            _shape.Begin(row, field);
            _shape.WriteText(row, field, reader.GetSpan(_columns[field]));
        }

        RowShape.End(row);
        return row.Take();
    }

    private SourceException Changed() => new($"{_path}: the file changed while it was read; start again.");
}

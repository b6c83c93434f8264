using System.Text.Unicode;
using CsvHelper;
using Sluice.Definition;
using Sluice.Source.Rows;

namespace Sluice.Source.Csv;

/// <summary>The first pass over a CSV file: its header, every fault of its form, where its rows stand and how they order.</summary>
internal sealed class CsvScan
{
    private readonly string _path;
    private readonly List<string> _faults = [];
    private readonly List<long> _starts = [];
    private readonly List<long> _keys = [];
    private string[] _header = [];
    private int _notShown;

    private CsvScan(string path) => _path = path;

    /// <summary>What is wrong, at most <see cref="SourceLimits.FaultsShown"/> lines and one that counts the others.</summary>
    public IReadOnlyList<string> Faults => _notShown == 0 ? _faults : [.. _faults, $"{_path}: and {_notShown} more."];

    public static CsvScan Run(string path, Dataset dataset)
    {
        var scan = new CsvScan(path);
        using var reader = CsvReader.FromFile(path, new CsvReaderOptions
        {
            Separator = ',',
            TrackLineNumbers = true,
            MaxRecordSize = SourceLimits.CsvRecordBytes,
            FieldCountMismatch = CsvFieldCountHandling.Skip,
            OnMalformedRecord = scan.AddMalformed,
        });
        try
        {
            scan.ReadHeader(reader, dataset);
            scan.ReadRows(reader, dataset);
        }
        catch (CsvFormatException e)
        {
            scan.Add($"line {e.LineNumber}: a record is larger than {SourceLimits.CsvRecordBytes >> 20} MB, which cannot be posted; look for a quote that is not closed.");
        }

        scan._starts.Add(new FileInfo(path).Length);
        return scan;
    }

    /// <summary>The index, once there is no fault.</summary>
    public CsvIndex Index()
    {
        var isOrdered = true;
        for (var row = 1; row < _keys.Count && isOrdered; row++)
        {
            isOrdered = _keys[row - 1] <= _keys[row];
        }

        int[]? order = isOrdered ? null : [.. Enumerable.Range(0, _keys.Count).OrderBy(row => _keys[row])];
        return new CsvIndex(_header, [.. _starts], order);
    }

    private void ReadHeader(CsvReader reader, Dataset dataset)
    {
        reader.ReadHeader();
        _header = [.. reader.Headers];
        if (_header.Length == 0)
        {
            Add($"is empty; its first line must name the columns: {string.Join(',', dataset.Raw.Select(f => f.Name))}.");
            return;
        }

        if (StartsAsUtf16())
        {
            Add("is UTF-16; convert it, for example with 'iconv -f utf-16 -t utf-8'.");
        }

        _faults.AddRange(RowShape.ColumnFaults(dataset, _header, _path));
    }

    private void ReadRows(CsvReader reader, Dataset dataset)
    {
        var key = dataset.Raw.Any(f => f.Name == dataset.RawKey && f.Type == "bigint")
            ? Array.IndexOf(_header, dataset.RawKey)
            : -1;
        while (reader.Read())
        {
            _starts.Add(reader.ByteOffset);
            if (!Utf8.IsValid(reader.RawRecord))
            {
                Add($"line {reader.LineNumber}: is not UTF-8; convert the file, for example with 'iconv -f latin1 -t utf-8'.");
            }

            if (key >= 0)
            {
                // A key that is no number comes first, as MySQL orders NULL.
                _keys.Add(reader[key].TryParse<long>(out var value) ? value : long.MinValue);
            }
        }
    }

    private bool StartsAsUtf16()
    {
        Span<byte> start = stackalloc byte[2];
        using var file = File.OpenHandle(_path);
        return RandomAccess.Read(file, start, 0) == 2 && (start is [0xFF, 0xFE] or [0xFE, 0xFF]);
    }

    private void AddMalformed(CsvMalformedRecord record) => Add($"line {record.LineNumber}: " + record.Reason switch
    {
        CsvMalformedReason.FieldCountMismatch =>
            $"the number of fields is not the header's {_header.Length}; quote fields that hold a comma or a line break.",
        CsvMalformedReason.UnterminatedQuote => "a quote is not closed before the end of the file; close it.",
        _ => "a quote stands where RFC 4180 allows none; quote the field and double the quotes inside it.",
    });

    private void Add(string fault)
    {
        if (_faults.Count < SourceLimits.FaultsShown)
        {
            _faults.Add($"{_path}: {fault}");
        }
        else
        {
            _notShown++;
        }
    }
}

using System.Text.Json;

namespace Sluice.Objects;

/// <summary>Offsets from the first up to, not including, the last.</summary>
public readonly record struct OffsetRange(long From, long To)
{
    /// <summary>How many offsets of the range lie from one offset up to, not including, another.</summary>
    public long CountIn(long from, long to) => Math.Max(0, Math.Min(To, to) - Math.Max(From, from));
}

/// <summary>
/// What a landed object cannot say itself: the offsets of its lines, where they are not simply those from the one in its name on. It is an
/// object of its own beside it, which is there before it; docs/formats/objects.md describes its bytes.
/// </summary>
/// <param name="Start">The offset behind those that the object before accounts for.</param>
/// <param name="End">The offset behind those that this one accounts for.</param>
/// <param name="Object">The offset in the object's name; null where no offset has a line, and there is no object.</param>
/// <param name="Lines">The offsets that have a line, in rising order.</param>
/// <param name="Skipped">Offsets whose records have no line: the log removed them before, or they were to be left out. The others never had one.</param>
public sealed record LandedOffsets(
    long Start, long End, long? Object, IReadOnlyList<OffsetRange> Lines, IReadOnlyList<OffsetRange> Skipped)
{
    private const string StartName = "start";
    private const string EndName = "end";
    private const string ObjectName = "object";
    private const string LinesName = "lines";
    private const string SkippedName = "skipped";

    /// <summary>The folder for the offsets of the objects in a folder.</summary>
    public static string FolderOf(string objectFolder) => objectFolder.Length == 0 ? "offsets" : objectFolder + ".offsets";

    public byte[] ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber(StartName, Start);
            json.WriteNumber(EndName, End);
            if (Object is { } start) json.WriteNumber(ObjectName, start);
            Write(json, LinesName, Lines);
            Write(json, SkippedName, Skipped);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes say nothing of the kind.</exception>
    public static LandedOffsets Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var parsed = new LandedOffsets(
                root.GetProperty(StartName).GetInt64(), root.GetProperty(EndName).GetInt64(),
                root.TryGetProperty(ObjectName, out var start) ? start.GetInt64() : null, Ranges(root, LinesName), Ranges(root, SkippedName));
            return parsed.IsSound ? parsed : throw new InvalidDataException("its offsets are not in order.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException(e.Message, e);
        }
    }

    private bool IsSound =>
        Start < End && Object is null == (Lines.Count == 0) && AreSound(Lines) && AreSound(Skipped);

    private bool AreSound(IReadOnlyList<OffsetRange> ranges)
    {
        var behind = Start;
        foreach (var range in ranges)
        {
            if (range.From < behind || range.To <= range.From) return false;
            behind = range.To;
        }

        return behind <= End;
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<OffsetRange> ranges)
    {
        json.WriteStartArray(name);
        foreach (var range in ranges)
        {
            json.WriteStartArray();
            json.WriteNumberValue(range.From);
            json.WriteNumberValue(range.To);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static OffsetRange Range(JsonElement range) => range.GetArrayLength() == 2
        ? new OffsetRange(range[0].GetInt64(), range[1].GetInt64())
        : throw new InvalidDataException($"the range {range.GetRawText()} is not two offsets.");

    private static OffsetRange[] Ranges(JsonElement root, string name) =>
        [.. root.GetProperty(name).EnumerateArray().Select(Range)];
}

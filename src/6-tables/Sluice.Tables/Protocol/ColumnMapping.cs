namespace Sluice.Tables;

internal enum ColumnMappingMode
{
    None,
    Name,
    Id,
}

/// <summary>Whether columns have other names in the files than in the schema.</summary>
/// <remarks>https://github.com/delta-io/delta/blob/master/PROTOCOL.md#column-mapping</remarks>
internal static class ColumnMapping
{
    public static ColumnMappingMode Mode(TableMetadata metadata) => metadata.Configuration.GetValueOrDefault("delta.columnMapping.mode") switch
    {
        null or "none" => ColumnMappingMode.None,
        "name" => ColumnMappingMode.Name,
        "id" => ColumnMappingMode.Id,
        var other => throw new LogFormatException($"delta.columnMapping.mode is '{other}', which the protocol does not know"),
    };
}

using System.Text.Json.Nodes;
using Sluice.Sql;

namespace Sluice.Tables;

/// <summary>A table's metadata while alterations are done to it, one after the other.</summary>
internal sealed class AlteredTable
{
    private readonly TableName _table;
    private readonly Func<Guid> _newId;
    private readonly Dictionary<string, string> _properties;
    private readonly List<string> _partitions;
    private readonly List<StructField> _fields;
    private readonly TableMetadata _before;
    private TableProtocol _protocol;

    public AlteredTable(TableName table, Snapshot basis, Func<Guid> newId)
    {
        _table = table;
        _newId = newId;
        _before = basis.Metadata;
        _properties = new Dictionary<string, string>(basis.Metadata.Configuration);
        _partitions = [.. basis.Metadata.PartitionColumns];
        _fields = [.. basis.DeltaSchema.Fields];
        _protocol = basis.Protocol;
    }

    /// <summary>Rules that the rows which are there must meet for the alterations to be allowed.</summary>
    public List<TableRule> NewRules { get; } = [];

    public TableProtocol Protocol => _protocol;

    public StructType Schema => new([.. _fields]);

    public TableMetadata Metadata => _before with
    {
        SchemaString = SchemaJson.Write(Schema),
        PartitionColumns = _partitions,
        Configuration = _properties,
    };

    private ColumnMappingMode Mode => ColumnMapping.Mode(_before with { Configuration = _properties });

    private bool Mapped => Mode != ColumnMappingMode.None;

    /// <summary>Does one; the operation's name as the history has it.</summary>
    /// <exception cref="TableSchemaException">It does not fit the table.</exception>
    public string Apply(TableAlteration alteration)
    {
        switch (alteration)
        {
            case TableAlteration.AddColumn add: return Add(add);
            case TableAlteration.WidenColumn widen: return Widen(widen);
            case TableAlteration.SetNullable nullable: return SetNullable(nullable);
            case TableAlteration.RenameColumn rename: return Rename(rename);
            case TableAlteration.DropColumn drop: return Drop(drop);
            case TableAlteration.AddConstraint constraint: return AddConstraint(constraint);
            case TableAlteration.DropConstraint constraint: return DropConstraint(constraint);
            case TableAlteration.SetProperties set: return Set(set.Properties);
            case TableAlteration.UnsetProperties unset: return Unset(unset.Names);
            default: throw new InvalidOperationException($"{alteration.GetType().Name} is no alteration of a table");
        }
    }

    private string Add(TableAlteration.AddColumn add)
    {
        var columns = new TableSchema([new TableColumn(add.Name, add.DuckDbType, Nullable: true)]);
        var ntz = ProtocolNeeds.Names(_protocol).Contains("timestampNtz");
        var field = TableSchemas.ToDelta(_table, columns, new SchemaFreedom(Mapped, ntz)).Fields[0];
        if (Find(field.Name) is not null) throw new TableSchemaException(_table, $"it has a column '{add.Name}' already (case does not tell them apart)");
        _fields.Add(field);
        if (Mapped) AssignIds(keepNames: false);
        return "ADD COLUMNS";
    }

    private string Widen(TableAlteration.WidenColumn widen)
    {
        var at = Require(widen.Name);
        var field = _fields[at];
        var to = DuckDbType.Parse(widen.DuckDbType, out var fault) ?? throw new TableSchemaException(_table, $"column '{widen.Name}': {fault}");
        if (field.Type == to) return "CHANGE COLUMN";
        if (!TypeWidening.Allows(field.Type, to))
        {
            var has = DuckDbType.Of(field.Type);
            throw new TableSchemaException(_table, $"column '{widen.Name}' is {has}, and {widen.DuckDbType} does not hold all its values: write a new column instead");
        }

        if (!Features.IsOn(_properties, Features.TypeWidening))
            throw new TableSchemaException(_table, $"column '{widen.Name}' keeps its type: set the property {Features.TypeWidening} to 'true' first");
        var changes = field.Has(TypeWidening.Key) ? JsonNode.Parse(field.Metadata.GetProperty(TypeWidening.Key).GetRawText())!.AsArray() : [];
        changes.Add(new JsonObject { ["fromType"] = TypeWidening.Name(field.Type), ["toType"] = TypeWidening.Name(to) });
        _fields[at] = field.With(TypeWidening.Key, changes) with { Type = to };
        _protocol = ProtocolNeeds.Raise(_protocol, ProtocolNeeds.Features(_properties, Schema));
        return "CHANGE COLUMN";
    }

    private string SetNullable(TableAlteration.SetNullable change)
    {
        var at = Require(change.Name);
        if (!change.Nullable && _fields[at].Nullable)
            NewRules.Add(new TableRule($"NOT NULL of column '{change.Name}'", $"{SqlName.Quote(_fields[at].Name)} IS NOT NULL"));
        _fields[at] = _fields[at] with { Nullable = change.Nullable };
        return "CHANGE COLUMN";
    }

    private string Rename(TableAlteration.RenameColumn rename)
    {
        RequireMapped($"column '{rename.Name}' cannot be renamed");
        var at = Require(rename.Name);
        if (Find(rename.NewName) is { } other && other != at) throw new TableSchemaException(_table, $"it has a column '{rename.NewName}' already");
        RequireUnused(_fields[at].Name);
        var partition = _partitions.IndexOf(_fields[at].Name);
        if (partition >= 0) _partitions[partition] = rename.NewName;
        _fields[at] = _fields[at] with { Name = rename.NewName };
        return "RENAME COLUMN";
    }

    private string Drop(TableAlteration.DropColumn drop)
    {
        RequireMapped($"column '{drop.Name}' cannot be dropped");
        var at = Require(drop.Name);
        RequireUnused(_fields[at].Name);
        if (_partitions.Contains(_fields[at].Name)) throw new TableSchemaException(_table, $"column '{drop.Name}' is one that it is partitioned by, so it stays");
        if (_fields.Count - _partitions.Count == 1) throw new TableSchemaException(_table, $"column '{drop.Name}' is its last one, so it stays");
        _fields.RemoveAt(at);
        return "DROP COLUMNS";
    }

    private string AddConstraint(TableAlteration.AddConstraint add)
    {
        // Property names of constraints are compared without case, as other engines do.
        var key = ConstraintKey(add.Name);
        if (_properties.ContainsKey(key)) throw new TableSchemaException(_table, $"it has a constraint '{add.Name}' already: drop it first");
        NewRules.Add(new TableRule($"constraint '{add.Name}'", TableRules.DuckDbSpelling(add.Expression)) { Text = add.Expression });
        _properties[key] = add.Expression;
        _protocol = ProtocolNeeds.Raise(_protocol, ["checkConstraints"]);
        return "ADD CONSTRAINT";
    }

    private string DropConstraint(TableAlteration.DropConstraint drop)
    {
        var key = _properties.Keys.FirstOrDefault(k => k.Equals(ConstraintKey(drop.Name), StringComparison.OrdinalIgnoreCase))
            ?? throw new TableSchemaException(_table, $"it has no constraint '{drop.Name}'");
        _properties.Remove(key);
        return "DROP CONSTRAINT";
    }

    private string Set(IReadOnlyDictionary<string, string> properties)
    {
        var mode = Mode;
        var timed = Features.IsOn(_properties, Features.InCommitTimestamps);
        if (properties.Keys.FirstOrDefault(k => k.StartsWith(Features.ConstraintPrefix, StringComparison.Ordinal)) is { } constraint)
            throw new TableSchemaException(_table, $"the property {constraint} is a constraint: add it as one, so that the rows which are there are held against it");
        if (properties.Keys.FirstOrDefault(k => k is ColumnMapping.MaxIdKey or InCommitTimestamps.VersionKey or InCommitTimestamps.TimeKey) is { } kept)
            throw new TableSchemaException(_table, $"the property {kept} is kept by those who write the table, and cannot be set");
        foreach (var (key, value) in ProtocolNeeds.Kept(properties)) _properties[key] = value;
        // Since when they are on, the commit that switches them on says.
        if (timed != Features.IsOn(_properties, Features.InCommitTimestamps))
        {
            _properties.Remove(InCommitTimestamps.VersionKey);
            _properties.Remove(InCommitTimestamps.TimeKey);
        }

        RequireReadable(mode);
        _protocol = ProtocolNeeds.Raise(_protocol, [.. ProtocolNeeds.Features(properties, Schema), .. ProtocolNeeds.Features(_properties, Schema)]);
        // The files that are there have the columns' own names.
        if (mode == ColumnMappingMode.None && Mapped) AssignIds(keepNames: true);
        return "SET TBLPROPERTIES";
    }

    /// <summary>Files keep the names and ids that they were written with: a mapping that the mode does not find in them would read nulls.</summary>
    private void RequireReadable(ColumnMappingMode before)
    {
        if (Mode == before || (before, Mode) == (ColumnMappingMode.None, ColumnMappingMode.Name)) return;
        throw new TableSchemaException(_table, before == ColumnMappingMode.None
            ? $"{ColumnMapping.ModeKey} cannot become 'id', since its files name columns and hold no ids: set it to 'name', or create a table with 'id'"
            : $"its columns are mapped, and {ColumnMapping.ModeKey} stays as it is");
    }

    private string Unset(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            var kept = InCommitTimestamps.Keys.Contains(name) || name is ColumnMapping.ModeKey or ColumnMapping.MaxIdKey;
            if (kept || name.StartsWith(Features.ConstraintPrefix, StringComparison.Ordinal))
                throw new TableSchemaException(_table, $"the property {name} cannot be taken off like this");
            _properties.Remove(name);
        }

        return "UNSET TBLPROPERTIES";
    }

    private void AssignIds(bool keepNames)
    {
        var (schema, properties) = ColumnMapping.Assign(Schema, _properties, _newId, keepNames);
        _fields.Clear();
        _fields.AddRange(schema.Fields);
        _properties[ColumnMapping.MaxIdKey] = properties[ColumnMapping.MaxIdKey];
    }

    private int? Find(string name)
    {
        var at = _fields.FindIndex(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return at < 0 ? null : at;
    }

    private int Require(string name) =>
        Find(name) ?? throw new TableSchemaException(_table, $"it has no column '{name}'; its columns are {string.Join(", ", _fields.Select(f => f.Name))}");

    private void RequireMapped(string what)
    {
        if (!Mapped) throw new TableSchemaException(_table, $"{what} while files name columns as the table does: set the property {ColumnMapping.ModeKey} to 'name' first");
    }

    private void RequireUnused(string column)
    {
        var user = _properties.FirstOrDefault(p => p.Key.StartsWith(Features.ConstraintPrefix, StringComparison.Ordinal)
            && p.Value.Contains(column, StringComparison.OrdinalIgnoreCase)).Key;
        if (user is not null) throw new TableSchemaException(_table, $"column '{column}' is used by {user}: drop that constraint first");
    }

    private static string ConstraintKey(string name) => Features.ConstraintPrefix + name.ToLowerInvariant();
}

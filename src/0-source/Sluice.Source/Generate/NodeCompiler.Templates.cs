using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Sluice.Source.Generate;

// Texts with references: "{adjective} {noun}", "{digest[0..2]}", and {{ for a brace.
internal sealed partial class NodeCompiler
{
    private Node CompileTemplate(YamlScalarNode scalar, string text, string path, Scope scope)
    {
        var parts = new List<Node>();
        var at = 0;
        var plain = "";
        foreach (Match match in Reference().Matches(text))
        {
            plain += text[at..match.Index];
            at = match.Index + match.Length;
            if (match.Value is "{{" or "}}")
            {
                plain += match.Value[0];
                continue;
            }

            AddPlain();
            parts.Add(Slice(Refer(scalar, match.Groups["name"].Value, $"{path}.{parts.Count}", scope), match));
        }

        plain += text[at..];
        if (Reference().Replace(text, "").AsSpan().IndexOfAny('{', '}') >= 0)
        {
            faults.Add(scalar, "has a brace that belongs to no reference; write {name}, or {{ for a brace.");
        }

        AddPlain();
        return parts is [var only] ? only : new TemplateNode([.. parts.DefaultIfEmpty(s_nothing)]);

        void AddPlain()
        {
            if (plain.Length > 0)
            {
                parts.Add(new LiteralNode(plain, ValueKind.Text));
                plain = "";
            }
        }
    }

    /// <summary>What a name stands for, seen from a scope: its own definition, a field of a record, an entity's attribute, or a pool.</summary>
    private Node Refer(YamlNode from, string name, string path, Scope scope)
    {
        var (owner, member) = name.IndexOf('.', StringComparison.Ordinal) is var dot and > 0 ? (name[..dot], name[(dot + 1)..]) : (name, "");
        if (Define(owner, scope) is { } own)
        {
            var named = own is RecordNode record ? record.Field(member) : member.Length == 0 ? own : null;
            return named is null ? Undefined(from, name) : new NamedNode(named, !scope.Draws.Contains(owner));
        }

        if (member.Length == 0)
        {
            return pools.TryGetValue(name, out var pool) ? new PoolNode(pool, Mixing.Salt(path)) : Undefined(from, name);
        }

        return ReferToEntity(owner, member, scope) is { } attribute ? attribute : Undefined(from, name);
    }

    private LiteralNode Undefined(YamlNode from, string name)
    {
        faults.Add(
            from,
            $"'{name}' is not defined; define it under 'draws', 'columns' or 'attributes' here, under 'entities', or under 'pools'. "
            + "A record is referred to by a field: name.field.");
        return s_nothing;
    }

    private EntityNode? ReferToEntity(string owner, string member, Scope scope)
    {
        // An entity's attributes are drawn at the entity, so another entity, which belongs to rows, has no meaning there.
        return entities.TryGetValue(owner, out var entity) && !ReferenceEquals(scope, entity.Attributes)
            && !entities.Values.Any(other => ReferenceEquals(other.Attributes, scope))
            && Define(member, entity.Attributes) is { } attribute
            ? new EntityNode(entity.Entity, attribute)
            : null;
    }

    private static Node Slice(Node node, Match match) => match.Groups["first"].Success
        ? new SliceNode(node, Number(match, "first"), Number(match, "end"))
        : node;

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{\{|\}\}|\{(?<name>[A-Za-z_][\w.]*)(\[(?<first>\d{1,6})\.\.(?<end>\d{1,6})\])?\}")]
    private static partial Regex Reference();
}

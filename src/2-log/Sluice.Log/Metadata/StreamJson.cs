using System.Text.Json.Serialization;

namespace Sluice.Log.Metadata;

/// <summary>How a stream's attributes are written in <c>metadata.db</c>: names of the properties, enumerations by name.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StreamAttributes))]
internal sealed partial class StreamJson : JsonSerializerContext;

using System.Globalization;

namespace Sluice.Console.Node;

/// <summary>
/// The data directory and its lock: one process owns it. The lock is the operating system's (it ends with the process, however
/// that ends); the file holds the owner's process id for messages.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    public const string LockName = "lock";

    // What .NET says of a lock that another process holds: EWOULDBLOCK of the two systems, ERROR_SHARING_VIOLATION of the third.
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;
    private const int WindowsSharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string Log => System.IO.Path.Combine(Path, "log");

    public string Objects => System.IO.Path.Combine(Path, "objects");

    public string Tables => System.IO.Path.Combine(Path, "tables");

    public string Schedule => System.IO.Path.Combine(Path, "schedule");

    public string Temp => System.IO.Path.Combine(Path, "temp");

    /// <summary>Where the owner listens for commands of other processes.</summary>
    public static string ControlSocket(string path) => System.IO.Path.Combine(System.IO.Path.GetFullPath(path), "control.sock");

    /// <summary>Creates the directory when missing and takes its lock; null when another process owns it.</summary>
    /// <exception cref="IOException">The lock can be neither taken nor refused, e.g. on a full disk.</exception>
    public static DataDirectory? TryOwn(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        Directory.CreateDirectory(path);
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken) when (taken.HResult is LinuxWouldBlock or MacWouldBlock or WindowsSharingViolation)
        {
            return null;
        }

        try
        {
            held.SetLength(0);
            held.Write(System.Text.Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            held.Flush();
            return new DataDirectory(path, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();
}
